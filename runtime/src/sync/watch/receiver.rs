//! The side that watches the value.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::error::RecvError;
use super::state::{State, Version};
use crate::shim::RwLockReadGuard;
use crate::sync::notify::Waiting;
use crate::task::WaitSite;
use crate::task::coop::{consume_budget, poll_proceed};

/// Watches the value; clone it for more receivers, each of which remembers what it has seen.
pub struct Receiver<T> {
    state: Arc<State<T>>,
    /// The newest version this receiver counts as seen.
    seen: Version,
}

/// The value, borrowed.
///
/// Sending waits, on its thread, while this is held.
#[must_use = "a borrow that is not looked at is of no use"]
pub struct Ref<'a, T> {
    value: RwLockReadGuard<'a, T>,
    has_changed: bool,
}

impl<'a, T> Ref<'a, T> {
    pub(super) fn new(value: RwLockReadGuard<'a, T>, has_changed: bool) -> Self {
        Self { value, has_changed }
    }

    /// Whether the receiver had not seen this value before; false for one that a sender has borrowed.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }
}

impl<T> Receiver<T> {
    pub(super) fn new(state: Arc<State<T>>, seen: Version) -> Self {
        state.add_receiver();
        Self { state, seen }
    }

    /// The value, without counting it as seen. Do not hold it across an `await`.
    pub fn borrow(&self) -> Ref<'_, T> {
        let value = self.state.value.read();
        let has_changed = self.state.version() != self.seen;
        Ref::new(value, has_changed)
    }

    /// The value, which counts as seen from now on. Do not hold it across an `await`.
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        let value = self.state.value.read();
        let version = self.state.version();
        let has_changed = version != self.seen;
        self.seen = version;
        Ref::new(value, has_changed)
    }

    /// Whether there is a value that this receiver has not seen.
    ///
    /// # Errors
    ///
    /// If all senders are gone.
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        if self.state.is_closed() {
            return Err(RecvError(()));
        }
        Ok(self.state.version() != self.seen)
    }

    /// Counts the present value as not seen.
    pub fn mark_changed(&mut self) {
        self.seen = self.state.version().wrapping_sub(1);
    }

    /// Counts the present value as seen.
    pub fn mark_unchanged(&mut self) {
        self.seen = self.state.version();
    }

    /// Waits for a value that this receiver has not seen, and counts it as seen.
    ///
    /// # Errors
    ///
    /// If all senders are gone and the last value was seen.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has counted nothing as seen.
    pub fn changed(&mut self) -> impl Future<Output = Result<(), RecvError>> {
        Changed { waiting: Waiting::new(&self.state.changed), receiver: self }
    }

    /// Waits until `is_wanted` answers true for the value, and borrows that, which counts as seen.
    ///
    /// It looks at the present value first, seen or not.
    ///
    /// # Errors
    ///
    /// If all senders are gone and `is_wanted` has answered false for the last value.
    ///
    /// # Panics
    ///
    /// If `is_wanted` panics; the value counts as seen then.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped, but for the values that `is_wanted` has seen.
    ///
    /// # Examples
    ///
    /// ```
    /// use minato_runtime::sync::watch;
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (tx, mut rx) = watch::channel(1);
    /// minato_runtime::spawn(async move { tx.send(5).unwrap() }).await.unwrap();
    /// assert_eq!(*rx.wait_for(|value| *value > 3).await.unwrap(), 5);
    /// assert!(rx.wait_for(|value| *value > 5).await.is_err());
    /// # });
    /// ```
    pub async fn wait_for(&mut self, mut is_wanted: impl FnMut(&T) -> bool) -> Result<Ref<'_, T>, RecvError> {
        consume_budget().await;
        let Self { state, seen } = self;
        loop {
            if let Some(value) = state.look(seen, &mut is_wanted) {
                return Ok(value);
            }
            state.next_version(*seen).await?;
        }
    }

    /// Whether all senders are gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state.is_closed()
    }

    /// Whether both watch the same value.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.state, &other.state)
    }
}

/// Waits for a value that the receiver has not seen.
#[must_use = "futures do nothing unless polled"]
struct Changed<'a, T> {
    receiver: &'a mut Receiver<T>,
    /// Made before each look (invariant 2 of `state`).
    waiting: Waiting,
}

impl<T> Future for Changed<'_, T> {
    type Output = Result<(), RecvError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let unit = ready!(poll_proceed(cx));
        let Self { receiver, waiting } = &mut *self;
        let state = &*receiver.state;
        loop {
            // One that was called has nothing to give up when it goes.
            if waiting.is_queued() {
                ready!(WaitSite::WatchChanged.of(waiting.advance(&state.changed, Some(cx))));
                *waiting = Waiting::new(&state.changed);
            }
            // Before the version: a last change comes before the end.
            let is_closed = state.is_closed();
            let version = state.version();
            if version != receiver.seen {
                receiver.seen = version;
                unit.made_progress();
                return Poll::Ready(Ok(()));
            }
            if is_closed {
                unit.made_progress();
                return Poll::Ready(Err(RecvError(())));
            }
            ready!(WaitSite::WatchChanged.of(waiting.advance(&state.changed, Some(cx))));
            *waiting = Waiting::new(&state.changed);
        }
    }
}

impl<T> Drop for Changed<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.waiting.leave(&self.receiver.state.changed);
    }
}

impl<T> State<T> {
    /// Waits for a version other than `seen`.
    async fn next_version(&self, seen: Version) -> Result<Version, RecvError> {
        loop {
            let changed = self.changed.notified();
            // Before the version: a last change comes before the end.
            let is_closed = self.is_closed();
            let version = self.version();
            if version != seen {
                return Ok(version);
            }
            if is_closed {
                return Err(RecvError(()));
            }
            WaitSite::WatchChanged.during(changed).await;
        }
    }

    /// The value if it is the wanted one; it counts as seen either way.
    fn look(&self, seen: &mut Version, is_wanted: impl FnOnce(&T) -> bool) -> Option<Ref<'_, T>> {
        let value = self.value.read();
        let version = self.version();
        let has_changed = version != *seen;
        *seen = version;
        is_wanted(&value).then(|| Ref::new(value, has_changed))
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.state), self.seen)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.state.remove_receiver();
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Ref<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("is_closed", &self.is_closed()).finish_non_exhaustive()
    }
}
