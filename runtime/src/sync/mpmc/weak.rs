//! The sides that do not keep the queue open.

use std::fmt;
use std::sync::Arc;

use super::receiver::Receiver;
use super::sender::Sender;
use super::shared::Shared;

/// A sender that does not keep the queue open; made by [`Sender::downgrade`].
///
/// ```
/// use minato_runtime::sync::mpmc;
///
/// let (tx, _rx) = mpmc::bounded::<u8>(1);
/// let weak = tx.downgrade();
/// assert!(weak.upgrade().is_some());
/// drop(tx);
/// assert!(weak.upgrade().is_none());
/// ```
pub struct WeakSender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> WeakSender<T> {
    /// A sender, unless the queue is closed.
    #[must_use]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        let mut state = self.shared.state.lock();
        if state.is_closed {
            return None;
        }
        state.senders += 1;
        drop(state);
        Some(Sender { shared: Arc::clone(&self.shared) })
    }
}

impl<T> Sender<T> {
    /// A sender that does not keep the queue open.
    #[must_use]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender").finish_non_exhaustive()
    }
}

/// A receiver that does not keep the queue open; made by [`Receiver::downgrade`].
///
/// ```
/// use minato_runtime::sync::mpmc;
///
/// let (_tx, rx) = mpmc::bounded::<u8>(1);
/// let weak = rx.downgrade();
/// assert!(weak.upgrade().is_some());
/// drop(rx);
/// assert!(weak.upgrade().is_none());
/// ```
pub struct WeakReceiver<T> {
    shared: Arc<Shared<T>>,
}

impl<T> WeakReceiver<T> {
    /// A receiver, unless the queue is closed.
    #[must_use]
    pub fn upgrade(&self) -> Option<Receiver<T>> {
        let mut state = self.shared.state.lock();
        if state.is_closed {
            return None;
        }
        state.receivers += 1;
        drop(state);
        Some(Receiver::new(Arc::clone(&self.shared)))
    }
}

impl<T> Receiver<T> {
    /// A receiver that does not keep the queue open.
    #[must_use]
    pub fn downgrade(&self) -> WeakReceiver<T> {
        WeakReceiver { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Clone for WeakReceiver<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> fmt::Debug for WeakReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakReceiver").finish_non_exhaustive()
    }
}
