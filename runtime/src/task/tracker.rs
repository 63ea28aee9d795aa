//! Waiting for tasks whose outputs nobody wants.
//!
//! Invariants
//! 1. `tracked` counts the tokens that are alive.
//! 2. Whoever makes the tracker closed and empty calls everybody that waits, after letting the lock go.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::{JoinHandle, LocalSet, WaitSite, spawn, spawn_blocking, spawn_local};
use crate::runtime::Handle;
use crate::shim::Mutex;
use crate::sync::Notify;

/// Counts tasks, and waits until there are none: the last stage of a graceful shutdown.
///
/// Unlike [`JoinSet`](super::JoinSet) it keeps no outputs, so nothing grows while nobody waits, and it aborts nothing.
/// Clones are the same tracker. [`wait`](Self::wait) returns only after [`close`](Self::close), so that a moment
/// without tasks at the beginning does not count as the end; closing does not keep new tasks from being tracked.
///
/// ```
/// use minato_runtime::task::TaskTracker;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let tracker = TaskTracker::new();
/// for _ in 0..10 {
///     drop(tracker.spawn(async { minato_runtime::task::yield_now().await }));
/// }
/// tracker.close();
/// tracker.wait().await;
/// assert!(tracker.is_empty());
/// # });
/// ```
#[derive(Clone, Default)]
pub struct TaskTracker {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Called each time the tracker becomes closed and empty.
    ended: Notify,
}

#[derive(Default)]
struct State {
    tracked: usize,
    closed: bool,
}

impl State {
    fn has_ended(&self) -> bool {
        self.closed && self.tracked == 0
    }
}

impl TaskTracker {
    /// Tracks nothing yet, and is open.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until the tracker is closed and empty, be it for a moment: tasks that come after that moment are not
    /// waited for.
    ///
    /// When it returns, the futures that were tracked have been dropped.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn wait(&self) {
        // Made before the look at the state, so that no call in between is missed.
        let ended = self.shared.ended.notified();
        if !self.shared.state.lock().has_ended() {
            WaitSite::TaskTracker.during(ended).await;
        }
    }

    /// Lets [`wait`](Self::wait) return once there are no tasks; false if the tracker was closed already.
    pub fn close(&self) -> bool {
        let mut state = self.shared.state.lock();
        let was_open = !std::mem::replace(&mut state.closed, true);
        let has_ended = was_open && state.has_ended();
        drop(state);
        if has_ended {
            self.shared.ended.notify_waiters();
        }
        was_open
    }

    /// Takes [`close`](Self::close) back; false if the tracker was open.
    pub fn reopen(&self) -> bool {
        std::mem::replace(&mut self.shared.state.lock().closed, false)
    }

    /// Whether the tracker is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.state.lock().closed
    }

    /// How many tasks, futures and tokens are tracked.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.state.lock().tracked
    }

    /// Whether nothing is tracked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Starts a task and tracks it; see [`task::spawn`](super::spawn).
    ///
    /// # Panics
    ///
    /// If this thread is in no runtime.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        spawn(self.track_future(future))
    }

    /// As [`spawn`](Self::spawn), on a given runtime.
    #[track_caller]
    pub fn spawn_on<F>(&self, future: F, handle: &Handle) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        handle.spawn(self.track_future(future))
    }

    /// Starts a task that stays on this thread and tracks it; see [`task::spawn_local`](super::spawn_local).
    ///
    /// # Panics
    ///
    /// If this thread is in no [`LocalSet`] and in no local runtime.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        spawn_local(self.track_future(future))
    }

    /// As [`spawn_local`](Self::spawn_local), in a given set of local tasks.
    #[track_caller]
    pub fn spawn_local_on<F>(&self, future: F, local_set: &LocalSet) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        local_set.spawn_local(self.track_future(future))
    }

    /// Starts a blocking job and tracks it; see [`task::spawn_blocking`](super::spawn_blocking).
    ///
    /// # Panics
    ///
    /// If this thread is in no runtime, or no thread can be started.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, job: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let token = self.token();
        spawn_blocking(move || {
            let _token = token;
            job()
        })
    }

    /// Tracks a future until it is ready or dropped, wherever it is polled.
    pub fn track_future<F: Future>(&self, future: F) -> TrackedFuture<F> {
        TrackedFuture { future: Some(future), token: Some(self.token()) }
    }

    /// Is tracked until it is dropped; for what is neither a task nor a future.
    pub fn token(&self) -> TaskTrackerToken {
        self.shared.state.lock().tracked += 1;
        TaskTrackerToken { tracker: self.clone() }
    }
}

impl fmt::Debug for TaskTracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskTracker")
            .field("len", &self.len())
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// Something tracked by a [`TaskTracker`] until it is dropped.
#[derive(Debug)]
#[must_use = "what is tracked ends with the token"]
pub struct TaskTrackerToken {
    tracker: TaskTracker,
}

impl Clone for TaskTrackerToken {
    /// A further token of the same tracker, counted for itself.
    fn clone(&self) -> Self {
        self.tracker.token()
    }
}

impl Drop for TaskTrackerToken {
    fn drop(&mut self) {
        let mut state = self.tracker.shared.state.lock();
        state.tracked -= 1;
        let has_ended = state.has_ended();
        drop(state);
        if has_ended {
            self.tracker.shared.ended.notify_waiters();
        }
    }
}

pin_project! {
    /// A tracked future; made by [`TaskTracker::track_future`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct TrackedFuture<F> {
        // `None` once it was ready. Declared before the token, so that it is dropped first.
        #[pin]
        future: Option<F>,
        token: Option<TaskTrackerToken>,
    }
}

impl<F: Future> Future for TrackedFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let output = ready!(this.future.as_mut().as_pin_mut().expect("polled after it was ready").poll(cx));
        this.future.set(None);
        *this.token = None;
        Poll::Ready(output)
    }
}
