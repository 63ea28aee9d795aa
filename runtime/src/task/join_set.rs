//! Several tasks, joined in the order in which they end.
//!
//! Each task wakes a waker of its own, which writes down that it ended and then wakes whoever joins. So joining looks
//! only at tasks that are over, however many are not.
//!
//! Invariants
//! 1. The key of an entry comes to `ended` exactly once: from its waker, or on the spot if the task was complete when
//!    the waker was to be stored. No entry leaves the slab before its key leaves `ended`, so keys are not mistaken.
//! 2. Detaching leaves `Ended` to the wakers of the tasks that were detached and starts a new one, for the same reason.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};

use slab::Slab;

use super::{
    AbortHandle, Id, JoinError, JoinHandle, LocalSet, WaitSite, coop, spawn, spawn_blocking, spawn_local,
};
use crate::runtime::Handle;
use crate::shim::Mutex;

/// Owns tasks with outputs of one type, and joins them in the order in which they end.
///
/// Dropping the set aborts its tasks; [`detach_all`](Self::detach_all) lets them go on. Joining costs the same
/// whether ten tasks are still running or a million.
///
/// ```
/// use minato_runtime::task::JoinSet;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut set = JoinSet::new();
/// for n in 1..=4 {
///     set.spawn(async move { n * n });
/// }
/// let mut sum = 0;
/// while let Some(square) = set.join_next().await {
///     sum += square.unwrap();
/// }
/// assert_eq!(sum, 30);
/// # });
/// ```
pub struct JoinSet<T> {
    tasks: Slab<JoinHandle<T>>,
    ended: Arc<Ended>,
}

/// Which tasks are over and not yet joined.
#[derive(Default)]
struct Ended(Mutex<EndedState>);

#[derive(Default)]
struct EndedState {
    /// Keys of the slab, in the order in which the tasks ended.
    keys: VecDeque<usize>,
    /// Whoever waits in `poll_join_next`.
    joiner: Option<Waker>,
}

impl Ended {
    fn push(&self, key: usize) {
        let mut state = self.0.lock();
        state.keys.push_back(key);
        let joiner = state.joiner.take();
        drop(state);
        if let Some(joiner) = joiner {
            joiner.wake();
        }
    }

    fn pop(&self) -> Option<usize> {
        self.0.lock().keys.pop_front()
    }

    fn poll_pop(&self, cx: &Context<'_>) -> Poll<usize> {
        let mut state = self.0.lock();
        if let Some(key) = state.keys.pop_front() {
            return Poll::Ready(key);
        }
        let replaced = match &state.joiner {
            Some(joiner) if joiner.will_wake(cx.waker()) => None,
            _ => state.joiner.replace(cx.waker().clone()),
        };
        drop(state);
        // Outside the lock, because dropping a waker may run any code.
        drop(replaced);
        WaitSite::Join.pending()
    }
}

/// The waker of one task.
struct Entry {
    key: usize,
    ended: Arc<Ended>,
}

impl Wake for Entry {
    fn wake(self: Arc<Self>) {
        self.ended.push(self.key);
    }
}

impl<T> JoinSet<T> {
    /// An empty set; allocates when the first task comes.
    #[must_use]
    pub fn new() -> Self {
        Self { tasks: Slab::new(), ended: Arc::default() }
    }

    /// How many tasks are in the set, running or over, that were not joined yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether every task was joined.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    fn insert(&mut self, handle: JoinHandle<T>) -> AbortHandle {
        let abort = handle.abort_handle();
        let vacant = self.tasks.vacant_entry();
        let waker = Waker::from(Arc::new(Entry { key: vacant.key(), ended: self.ended.clone() }));
        if vacant.insert(handle).poll_complete(&Context::from_waker(&waker)) {
            waker.wake();
        }
        abort
    }

    fn take(&mut self, key: usize) -> Result<(Id, T), JoinError> {
        let mut handle = self.tasks.remove(key);
        let Poll::Ready(output) = handle.try_output() else {
            unreachable!("a task said that it ended and had not")
        };
        output.map(|output| (handle.id(), output))
    }

    /// Waits for the next task to end and gives its output; `None` if the set is empty.
    ///
    /// # Errors
    ///
    /// `Some(Err(_))` if the task panicked or was aborted.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no task out of the set.
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        poll_fn(|cx| self.poll_join_next(cx)).await
    }

    /// As [`join_next`](Self::join_next), with the id of the task; that of a task without output is in the error.
    ///
    /// # Errors
    ///
    /// `Some(Err(_))` if the task panicked or was aborted.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no task out of the set.
    pub async fn join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        poll_fn(|cx| self.poll_join_next_with_id(cx)).await
    }

    /// The output of a task that has ended; `None` if there is none at this moment.
    ///
    /// # Errors
    ///
    /// `Some(Err(_))` if the task panicked or was aborted.
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        Some(self.try_join_next_with_id()?.map(|(_, output)| output))
    }

    /// As [`try_join_next`](Self::try_join_next), with the id of the task.
    ///
    /// # Errors
    ///
    /// `Some(Err(_))` if the task panicked or was aborted.
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        let key = self.ended.pop()?;
        Some(self.take(key))
    }

    /// Polls for the next task to end: `Ready(None)` if the set is empty.
    ///
    /// `Pending` also when the task that calls has used up its [budget](coop); it is woken then. Only the last waker
    /// is kept.
    ///
    /// # Errors
    ///
    /// `Ready(Some(Err(_)))` if the task panicked or was aborted.
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.poll_join_next_with_id(cx).map(|next| next.map(|output| output.map(|(_, output)| output)))
    }

    /// As [`poll_join_next`](Self::poll_join_next), with the id of the task.
    ///
    /// # Errors
    ///
    /// `Ready(Some(Err(_)))` if the task panicked or was aborted.
    pub fn poll_join_next_with_id(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        if self.is_empty() {
            return Poll::Ready(None);
        }
        let unit = ready!(coop::poll_proceed(cx));
        let key = ready!(self.ended.poll_pop(cx));
        unit.made_progress();
        Poll::Ready(Some(self.take(key)))
    }

    /// Waits for all tasks and gives their outputs, in the order in which they ended.
    ///
    /// # Panics
    ///
    /// With the panic of the first task that panicked, or if one was aborted. The other tasks are then aborted.
    ///
    /// # Cancel safety
    ///
    /// The future owns the set: dropping it aborts the tasks, and outputs that had come are lost.
    pub async fn join_all(mut self) -> Vec<T> {
        let mut outputs = Vec::with_capacity(self.len());
        while let Some(output) = self.join_next().await {
            match output {
                Ok(output) => outputs.push(output),
                Err(error) => match error.try_into_panic() {
                    Ok(payload) => resume_unwind(payload),
                    Err(error) => panic!("{error}"),
                },
            }
        }
        outputs
    }

    /// Asks all tasks to stop. They stay in the set, to be joined.
    pub fn abort_all(&mut self) {
        self.tasks.iter().for_each(|(_, handle)| handle.abort());
    }

    /// Asks all tasks to stop, and waits until their futures have been dropped.
    ///
    /// Outputs and errors are dropped. Blocking jobs that have begun are waited for.
    ///
    /// # Cancel safety
    ///
    /// All tasks are asked to stop at the first poll. Those that had not ended when the future was dropped are still in
    /// the set.
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }

    /// Takes all tasks out of the set and lets them go on; their outputs are dropped.
    pub fn detach_all(&mut self) {
        self.ended = Arc::default();
        self.tasks.clear();
    }
}

impl<T: Send + 'static> JoinSet<T> {
    /// Starts a task and puts it into the set; see [`task::spawn`](super::spawn).
    ///
    /// # Panics
    ///
    /// If this thread is in no runtime.
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
    {
        self.insert(spawn(future))
    }

    /// As [`spawn`](Self::spawn), on a given runtime.
    #[track_caller]
    pub fn spawn_on<F>(&mut self, future: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
    {
        self.insert(handle.spawn(future))
    }

    /// Starts a blocking job and puts it into the set; see [`task::spawn_blocking`](super::spawn_blocking).
    ///
    /// # Panics
    ///
    /// If this thread is in no runtime, or no thread can be started.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, job: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
    {
        self.insert(spawn_blocking(job))
    }

    /// As [`spawn_blocking`](Self::spawn_blocking), on a given runtime.
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, job: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
    {
        self.insert(handle.spawn_blocking(job))
    }
}

impl<T: 'static> JoinSet<T> {
    /// Starts a task that stays on this thread and puts it into the set; see [`task::spawn_local`](super::spawn_local).
    ///
    /// # Panics
    ///
    /// If this thread is in no [`LocalSet`] and in no local runtime.
    #[track_caller]
    pub fn spawn_local<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(spawn_local(future))
    }

    /// As [`spawn_local`](Self::spawn_local), in a given set of local tasks.
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, future: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(local_set.spawn_local(future))
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.abort_all();
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// Spawns each future on the runtime that this thread is in.
impl<F> FromIterator<F> for JoinSet<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Self {
        let mut set = Self::new();
        for future in futures {
            set.spawn(future);
        }
        set
    }
}

/// Spawns each future on the runtime that this thread is in.
impl<F> Extend<F> for JoinSet<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    #[track_caller]
    fn extend<I: IntoIterator<Item = F>>(&mut self, futures: I) {
        for future in futures {
            self.spawn(future);
        }
    }
}
