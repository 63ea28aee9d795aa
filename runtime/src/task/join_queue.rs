//! Several tasks, joined in the order in which they were started.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::{AbortHandle, AbortOnDropHandle, Id, JoinError, JoinHandle, LocalSet};
use super::{spawn, spawn_blocking, spawn_local};
use crate::runtime::Handle;

/// Owns tasks with outputs of one type, and joins them in the order in which they were started.
///
/// The tasks run at the same time; only the joining is in order. Dropping the queue aborts its tasks.
///
/// # Examples
///
/// ```
/// use minato_runtime::task::JoinQueue;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut queue = JoinQueue::new();
/// for n in 1..=3 {
///     queue.spawn(async move { n * n });
/// }
/// assert_eq!(queue.join_all().await, [1, 4, 9]);
/// # });
/// ```
pub struct JoinQueue<T> {
    tasks: VecDeque<AbortOnDropHandle<T>>,
}

impl<T> JoinQueue<T> {
    /// An empty queue; allocates when the first task comes.
    #[must_use]
    pub const fn new() -> Self {
        Self { tasks: VecDeque::new() }
    }

    /// An empty queue with room for `capacity` tasks.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { tasks: VecDeque::with_capacity(capacity) }
    }

    /// How many tasks are in the queue, running or over, that were not joined yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether every task was joined.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    fn push(&mut self, handle: JoinHandle<T>) -> AbortHandle {
        let abort = handle.abort_handle();
        self.tasks.push_back(AbortOnDropHandle::new(handle));
        abort
    }

    /// Waits for the first task to end and gives its output; `None` if the queue is empty.
    ///
    /// # Errors
    ///
    /// `Some(Err(_))` if the task panicked or was aborted.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no task out of the queue.
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        poll_fn(|cx| self.poll_join_next(cx)).await
    }

    /// As [`join_next`](Self::join_next), with the id of the task.
    ///
    /// # Errors
    ///
    /// `Some(Err(_))` if the task panicked or was aborted.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no task out of the queue.
    pub async fn join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        poll_fn(|cx| self.poll_join_next_with_id(cx)).await
    }

    /// The output of the first task, if it has ended.
    ///
    /// # Errors
    ///
    /// `Some(Err(_))` if the task panicked or was aborted.
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.try_join_next_with_id().map(|output| output.map(|(_, output)| output))
    }

    /// As [`try_join_next`](Self::try_join_next), with the id of the task.
    ///
    /// # Errors
    ///
    /// `Some(Err(_))` if the task panicked or was aborted.
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        if !self.tasks.front()?.is_finished() {
            return None;
        }
        let mut handle = self.tasks.pop_front()?.detach();
        let Poll::Ready(output) = handle.try_output() else { unreachable!("it has finished") };
        Some(output.map(|output| (handle.id(), output)))
    }

    /// Polls for the first task to end: `Ready(None)` if the queue is empty.
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
        let Some(first) = self.tasks.front_mut() else { return Poll::Ready(None) };
        let output = ready!(Pin::new(&mut *first).poll(cx));
        let id = first.id();
        self.tasks.pop_front();
        Poll::Ready(Some(output.map(|output| (id, output))))
    }

    /// Waits for all tasks and gives their outputs, in order.
    ///
    /// # Panics
    ///
    /// With the panic of the first task in the queue that panicked, or if one was aborted. The tasks after it are then
    /// aborted.
    ///
    /// # Cancel safety
    ///
    /// The future owns the queue: dropping it aborts the tasks, and outputs that had come are lost.
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

    /// Asks all tasks to stop. They stay in the queue, to be joined.
    pub fn abort_all(&mut self) {
        self.tasks.iter().for_each(AbortOnDropHandle::abort);
    }

    /// Asks all tasks to stop, and waits until their futures have been dropped.
    ///
    /// # Cancel safety
    ///
    /// All tasks are asked to stop at the first poll. Those that had not ended when the future was dropped are still in
    /// the queue.
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }

    /// Takes all tasks out of the queue and lets them go on; their outputs are dropped.
    pub fn detach_all(&mut self) {
        self.tasks.drain(..).for_each(|task| drop(task.detach()));
    }
}

impl<T: 'static> JoinQueue<T> {
    /// Starts a task at the end of the queue; see [`task::spawn`](super::spawn).
    ///
    /// # Panics
    ///
    /// If this thread is in no runtime.
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.push(spawn(future))
    }

    /// As [`spawn`](Self::spawn), on a given runtime.
    #[track_caller]
    pub fn spawn_on<F>(&mut self, future: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.push(handle.spawn(future))
    }

    /// Starts a task at the end of the queue that stays on this thread; see
    /// [`task::spawn_local`](super::spawn_local()).
    ///
    /// # Panics
    ///
    /// As [`task::spawn_local`](super::spawn_local()).
    #[track_caller]
    pub fn spawn_local<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.push(spawn_local(future))
    }

    /// As [`spawn_local`](Self::spawn_local), on a given set.
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, future: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.push(local_set.spawn_local(future))
    }

    /// Starts a blocking job at the end of the queue; see [`task::spawn_blocking`](super::spawn_blocking()).
    ///
    /// # Panics
    ///
    /// If this thread is in no runtime, or no thread can be started.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, job: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.push(spawn_blocking(job))
    }

    /// As [`spawn_blocking`](Self::spawn_blocking), on a given runtime.
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, job: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.push(handle.spawn_blocking(job))
    }
}

/// The outputs in the order in which the tasks were started; ends while the queue is empty.
#[cfg(feature = "stream")]
impl<T> futures_core::Stream for JoinQueue<T> {
    type Item = Result<T, JoinError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_join_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

impl<T> Default for JoinQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for JoinQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinQueue").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// Spawns each future on the runtime that this thread is in.
impl<F> FromIterator<F> for JoinQueue<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Self {
        let mut queue = Self::new();
        for future in futures {
            queue.spawn(future);
        }
        queue
    }
}
