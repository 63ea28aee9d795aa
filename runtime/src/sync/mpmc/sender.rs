//! The side that sends.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::error::{SendError, TrySendError};
use super::shared::Shared;
use crate::sync::blocking::block_on;
use crate::sync::wait_queue::Key;
use crate::task::coop::poll_proceed;

/// Sends messages, each to one of the receivers; clone it for more senders.
pub struct Sender<T> {
    pub(super) shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// Sends a message, when there is room for it.
    ///
    /// # Errors
    ///
    /// The message comes back if the queue is closed, or is closed while this waits.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has not sent its message, which is dropped with it; room it was told of goes to the next.
    pub async fn send(&self, value: T) -> Result<(), SendError<T>> {
        Sending { sender: self, value: Some(value), place: None }.await
    }

    /// Sends a message if there is room.
    ///
    /// # Errors
    ///
    /// The message comes back if there is no room, or the queue is closed.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        self.shared.try_send(value)
    }

    /// As [`send`](Self::send), blocking this thread while there is no room; not for use in a task.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Examples
    ///
    /// ```
    /// use minato_runtime::sync::mpmc;
    ///
    /// let (tx, rx) = mpmc::bounded(1);
    /// let thread = std::thread::spawn(move || (0..3).try_for_each(|number| tx.blocking_send(number)));
    /// let received: Vec<_> = std::iter::from_fn(|| rx.blocking_recv().ok()).collect();
    /// assert_eq!(received, [0, 1, 2]);
    /// thread.join().unwrap().unwrap();
    /// ```
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        block_on(self.send(value))
    }

    /// Closes the queue for both sides; answers whether it was open. What was sent is still received.
    pub fn close(&self) -> bool {
        self.shared.close()
    }

    /// How many messages wait to be received.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.state.lock().queue.len()
    }

    /// Whether no message waits to be received.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is no room; an unbounded queue always has some.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.shared.is_full()
    }

    /// How many messages there is room for altogether; nothing if it is unbounded.
    #[must_use]
    pub fn capacity(&self) -> Option<usize> {
        self.shared.capacity
    }

    /// Whether nothing can be sent any more; messages may be left.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.state.lock().is_closed
    }

    /// How many senders there are, weak ones not counted.
    #[must_use]
    pub fn sender_count(&self) -> usize {
        self.shared.state.lock().senders
    }

    /// How many receivers there are, weak ones not counted.
    #[must_use]
    pub fn receiver_count(&self) -> usize {
        self.shared.state.lock().receivers
    }

    /// Whether both belong to the same queue.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

/// Waits for room.
struct Sending<'a, T> {
    sender: &'a Sender<T>,
    /// Until it is sent or given back.
    value: Option<T>,
    place: Option<Key>,
}

/// The message is never pinned.
impl<T> Unpin for Sending<'_, T> {}

impl<T> Future for Sending<'_, T> {
    type Output = Result<(), SendError<T>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let unit = ready!(poll_proceed(cx));
        let Self { sender, value, place } = &mut *self;
        let sent = ready!(sender.shared.poll_send(cx, value, place));
        unit.made_progress();
        Poll::Ready(sent)
    }
}

impl<T> Drop for Sending<'_, T> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.sender.shared.leave_sending(place);
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
        f.debug_struct("Sender").field("len", &self.len()).finish_non_exhaustive()
    }
}
