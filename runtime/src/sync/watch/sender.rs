//! The side that changes the value.

use std::fmt;
use std::mem;
use std::sync::Arc;

use super::error::SendError;
use super::receiver::{Receiver, Ref};
use super::state::State;
use crate::task::WaitSite;
use crate::task::coop::consume_budget;

/// Changes the value; clone it for more senders.
pub struct Sender<T> {
    state: Arc<State<T>>,
}

impl<T> Sender<T> {
    /// A channel that holds `initial` and has no receiver yet; see [`subscribe`](Self::subscribe).
    pub fn new(initial: T) -> Self {
        Self { state: Arc::new(State::new(initial)) }
    }

    /// Replaces the value, if there is a receiver.
    ///
    /// # Errors
    ///
    /// The new value comes back if there is no receiver; the old one stays. To replace it all the same, use
    /// [`send_replace`](Self::send_replace).
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.receiver_count() == 0 {
            return Err(SendError(value));
        }
        drop(self.send_replace(value));
        Ok(())
    }

    /// Changes the value in place, whether or not there is a receiver.
    ///
    /// # Panics
    ///
    /// If `modify` panics; the value stays as it left it, and the receivers do not learn of it.
    pub fn send_modify<F: FnOnce(&mut T)>(&self, modify: F) {
        self.send_if_modified(|value| {
            modify(value);
            true
        });
    }

    /// Changes the value in place, and tells the receivers only if `modify` answers true; answers the same.
    ///
    /// # Panics
    ///
    /// As [`send_modify`](Self::send_modify).
    ///
    /// # Examples
    ///
    /// ```
    /// use minato_runtime::sync::watch;
    ///
    /// let (tx, rx) = watch::channel(1);
    /// let raise = |to| move |value: &mut u32| *value < to && { *value = to; true };
    /// assert!(!tx.send_if_modified(raise(1)));
    /// assert_eq!(rx.has_changed(), Ok(false));
    /// assert!(tx.send_if_modified(raise(2)));
    /// assert_eq!(rx.has_changed(), Ok(true));
    /// ```
    pub fn send_if_modified<F: FnOnce(&mut T) -> bool>(&self, modify: F) -> bool {
        let mut value = self.state.value.write();
        if !modify(&mut value) {
            return false;
        }
        self.state.count_change();
        drop(value);
        self.state.changed.notify_waiters();
        true
    }

    /// Replaces the value, whether or not there is a receiver, and answers the old one.
    pub fn send_replace(&self, mut value: T) -> T {
        self.send_modify(|current| mem::swap(current, &mut value));
        value
    }

    /// The value. Sending waits, on its thread, while this is held; do not hold it across an `await`.
    pub fn borrow(&self) -> Ref<'_, T> {
        Ref::new(self.state.value.read(), false)
    }

    /// Another receiver, which counts the present value as seen.
    #[must_use]
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver::new(Arc::clone(&self.state), self.state.version())
    }

    /// Waits until there is no receiver.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn closed(&self) {
        consume_budget().await;
        loop {
            let abandoned = self.state.abandoned.notified();
            if self.is_closed() {
                return;
            }
            WaitSite::WatchClosed.during(abandoned).await;
        }
    }

    /// Whether there is no receiver.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.receiver_count() == 0
    }

    /// How many receivers there are.
    #[must_use]
    pub fn receiver_count(&self) -> usize {
        self.state.receivers()
    }

    /// How many senders there are.
    #[must_use]
    pub fn sender_count(&self) -> usize {
        self.state.senders()
    }

    /// Whether both change the same value.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.state, &other.state)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.state.add_sender();
        Self { state: Arc::clone(&self.state) }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.state.remove_sender();
    }
}

impl<T: Default> Default for Sender<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("sender_count", &self.sender_count())
            .field("receiver_count", &self.receiver_count())
            .finish_non_exhaustive()
    }
}
