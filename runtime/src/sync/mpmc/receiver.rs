//! The side that receives.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::error::{RecvError, TryRecvError};
use super::shared::Shared;
use crate::sync::blocking::block_on;
use crate::sync::wait_queue::Key;
use crate::task::coop::poll_proceed;

/// Receives messages that no other receiver receives; clone it for more receivers.
///
/// With the feature `stream` it is a stream too.
pub struct Receiver<T> {
    pub(super) shared: Arc<Shared<T>>,
    /// Where this receiver waits as a stream.
    #[cfg(feature = "stream")]
    place: Option<Key>,
}

impl<T> Receiver<T> {
    /// The receiver must have been counted.
    pub(super) fn new(shared: Arc<Shared<T>>) -> Self {
        Self {
            shared,
            #[cfg(feature = "stream")]
            place: None,
        }
    }

    /// Receives a message, when there is one.
    ///
    /// # Errors
    ///
    /// If the queue is closed and every message was received.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no message; one it was told of goes to the next.
    pub async fn recv(&self) -> Result<T, RecvError> {
        self.stop_waiting_as_stream();
        Receiving { receiver: self, place: None }.await
    }

    /// Receives a message if there is one.
    ///
    /// # Errors
    ///
    /// If there is none yet, or the queue is closed and every message was received.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.shared.try_recv()
    }

    /// As [`recv`](Self::recv), blocking this thread while there is no message; not for use in a task.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    pub fn blocking_recv(&self) -> Result<T, RecvError> {
        block_on(self.recv())
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

    /// Else the place of a stream that is not polled any more would be told in place of this receiver.
    fn stop_waiting_as_stream(&self) {
        #[cfg(feature = "stream")]
        if let Some(place) = self.place {
            self.shared.suspend_receiving(place);
        }
    }
}

#[cfg(feature = "stream")]
impl<T> Receiver<T> {
    pub(crate) fn poll_stream(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let unit = ready!(poll_proceed(cx));
        let received = ready!(self.shared.poll_recv(cx, &mut self.place));
        unit.made_progress();
        Poll::Ready(received.ok())
    }
}

/// Waits for a message.
struct Receiving<'a, T> {
    receiver: &'a Receiver<T>,
    place: Option<Key>,
}

impl<T> Future for Receiving<'_, T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let unit = ready!(poll_proceed(cx));
        let Self { receiver, place } = &mut *self;
        let received = ready!(receiver.shared.poll_recv(cx, place));
        unit.made_progress();
        Poll::Ready(received)
    }
}

impl<T> Drop for Receiving<'_, T> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.receiver.shared.leave_receiving(place);
        }
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.shared.state.lock().receivers += 1;
        Self::new(Arc::clone(&self.shared))
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        #[cfg(feature = "stream")]
        if let Some(place) = self.place.take() {
            self.shared.leave_receiving(place);
        }
        self.shared.remove_receiver();
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("len", &self.len()).finish_non_exhaustive()
    }
}
