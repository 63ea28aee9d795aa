//! The side that sends.

use std::fmt;
use std::sync::Arc;

use super::error::SendError;
use super::receiver::Receiver;
use super::shared::Shared;
use crate::task::coop::consume_budget;

/// Sends messages to every receiver; clone it for more senders.
pub struct Sender<T> {
    pub(super) shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// A channel that keeps `capacity` messages and has no receiver yet; see [`subscribe`](Self::subscribe).
    ///
    /// # Panics
    ///
    /// If `capacity` is 0.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { shared: Arc::new(Shared::new(capacity)) }
    }

    /// Sends a message to all receivers, and answers how many there are; this never waits.
    ///
    /// That some receive it is not certain: they may go before they do, or fall too far behind.
    ///
    /// # Errors
    ///
    /// The message comes back if there is no receiver.
    pub fn send(&self, value: T) -> Result<usize, SendError<T>> {
        self.shared.send(value).map_err(SendError)
    }

    /// Another receiver, for the messages sent from now on.
    #[must_use]
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver::new(Arc::clone(&self.shared))
    }

    /// How many messages are kept: those that not every receiver has seen.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.state.lock().queue.len()
    }

    /// Whether every receiver has seen every message.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many receivers there are.
    #[must_use]
    pub fn receiver_count(&self) -> usize {
        self.shared.state.lock().receivers
    }

    /// Whether both send into the same channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Waits until there is no receiver.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn closed(&self) {
        consume_budget().await;
        loop {
            let abandoned = self.shared.abandoned.notified();
            if self.receiver_count() == 0 {
                return;
            }
            abandoned.await;
        }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.state.lock().senders += 1;
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.shared.remove_sender();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("receiver_count", &self.receiver_count()).finish_non_exhaustive()
    }
}
