//! A sender that does not keep the channel open.

use std::fmt;
use std::sync::Arc;

use super::receiver::Receiver;
use super::sender::Sender;
use super::shared::Shared;

/// A sender that does not keep the channel open; made by [`Sender::downgrade`].
///
/// ```
/// use minato_runtime::sync::broadcast;
///
/// let (tx, _rx) = broadcast::channel::<u8>(1);
/// let weak = tx.downgrade();
/// assert!(weak.upgrade().is_some());
/// drop(tx);
/// assert!(weak.upgrade().is_none());
/// ```
pub struct WeakSender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> WeakSender<T> {
    fn new(shared: Arc<Shared<T>>) -> Self {
        shared.state.lock().weak_senders += 1;
        Self { shared }
    }

    /// A sender, unless all have gone.
    #[must_use]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        let mut state = self.shared.state.lock();
        if state.senders == 0 {
            return None;
        }
        state.senders += 1;
        drop(state);
        Some(Sender { shared: Arc::clone(&self.shared) })
    }

    /// How many senders there are, weak ones not counted.
    #[must_use]
    pub fn strong_count(&self) -> usize {
        self.shared.state.lock().senders
    }

    /// How many weak senders there are.
    #[must_use]
    pub fn weak_count(&self) -> usize {
        self.shared.state.lock().weak_senders
    }
}

impl<T> Sender<T> {
    /// A sender that does not keep the channel open.
    #[must_use]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender::new(Arc::clone(&self.shared))
    }

    /// How many senders there are, weak ones not counted.
    #[must_use]
    pub fn strong_count(&self) -> usize {
        self.shared.state.lock().senders
    }

    /// How many weak senders there are.
    #[must_use]
    pub fn weak_count(&self) -> usize {
        self.shared.state.lock().weak_senders
    }
}

impl<T> Receiver<T> {
    /// How many senders there are, weak ones not counted.
    #[must_use]
    pub fn sender_strong_count(&self) -> usize {
        self.shared.state.lock().senders
    }

    /// How many weak senders there are.
    #[must_use]
    pub fn sender_weak_count(&self) -> usize {
        self.shared.state.lock().weak_senders
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.shared))
    }
}

impl<T> Drop for WeakSender<T> {
    fn drop(&mut self) {
        self.shared.state.lock().weak_senders -= 1;
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender").finish_non_exhaustive()
    }
}
