//! Futures and streams polled by hand.

use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::task::{Context, Poll, Wake, Waker};

/// Makes a future or a stream ready to be polled by hand.
///
/// No runtime is needed, unless the future itself needs one; [enter](crate::runtime::Runtime::enter) it then.
pub fn spawn<T>(future: T) -> Spawn<T> {
    Spawn { future: Box::pin(future), task: MockTask::new() }
}

/// A future or a stream that is polled by hand; made by [`spawn`].
#[must_use = "futures do nothing unless polled"]
pub struct Spawn<T> {
    future: Pin<Box<T>>,
    task: MockTask,
}

/// A waker that counts.
#[derive(Debug, Clone)]
struct MockTask {
    wakes: Arc<Wakes>,
    waker: Waker,
}

#[derive(Debug, Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl MockTask {
    fn new() -> Self {
        let wakes = Arc::new(Wakes::default());
        Self { waker: Waker::from(Arc::clone(&wakes)), wakes }
    }
}

impl<T> Spawn<T> {
    /// Whether it was woken since the last poll.
    #[must_use]
    pub fn is_woken(&self) -> bool {
        self.wake_count() > 0
    }

    /// How often it was woken since the last poll.
    #[must_use]
    pub fn wake_count(&self) -> usize {
        self.task.wakes.0.load(SeqCst)
    }

    /// How many clones of its waker there are: who would wake it.
    ///
    /// One that has dropped its waker without a wake has forgotten this task.
    #[must_use]
    pub fn waker_count(&self) -> usize {
        // One is ours, one is in our waker.
        Arc::strong_count(&self.task.wakes) - 2
    }

    /// Calls `f` with the context and the pinned future, as a poll does; what it was woken before is forgotten.
    pub fn enter<R>(&mut self, f: impl FnOnce(&mut Context<'_>, Pin<&mut T>) -> R) -> R {
        self.task.wakes.0.store(0, SeqCst);
        f(&mut Context::from_waker(&self.task.waker), self.future.as_mut())
    }

    /// The future, if it may move.
    pub fn into_inner(self) -> T
    where
        T: Unpin,
    {
        *Pin::into_inner(self.future)
    }
}

impl<T: Future> Spawn<T> {
    /// Polls the future once; what it was woken before is forgotten.
    pub fn poll(&mut self) -> Poll<T::Output> {
        self.enter(|cx, future| future.poll(cx))
    }
}

#[cfg(feature = "stream")]
impl<T: futures_core::Stream> Spawn<T> {
    /// Polls the stream once; what it was woken before is forgotten.
    pub fn poll_next(&mut self) -> Poll<Option<T::Item>> {
        self.enter(|cx, stream| stream.poll_next(cx))
    }
}

/// Passes the waker through, so that a future under test may be awaited by another.
impl<T: Future> Future for Spawn<T> {
    type Output = T::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T::Output> {
        self.future.as_mut().poll(cx)
    }
}

#[cfg(feature = "stream")]
impl<T: futures_core::Stream> futures_core::Stream for Spawn<T> {
    type Item = T::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T::Item>> {
        self.future.as_mut().poll_next(cx)
    }
}

impl<T: Unpin> Deref for Spawn<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.future
    }
}

impl<T: Unpin> DerefMut for Spawn<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.future
    }
}

impl<T> fmt::Debug for Spawn<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spawn").field("is_woken", &self.is_woken()).finish_non_exhaustive()
    }
}
