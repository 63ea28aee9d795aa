//! The unbounded channel.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::error::{SendError, TryRecvError};
use super::handle::{SenderHandle, WeakHandle};
use super::list::{self, Consumer, List};
use super::ring::Look;
use crate::sync::blocking::block_on;
use crate::sync::wait_queue::Key;
use crate::task::coop::poll_proceed;

/// A channel without a bound: sending never waits.
///
/// Use it only where something else bounds what is sent. Memory grows with what waits, from 3 messages up, and is
/// freed as the messages are received.
///
/// # Examples
///
/// ```
/// use minato_runtime::sync::mpsc;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (tx, mut rx) = mpsc::unbounded_channel();
/// tx.send("hello").unwrap();
/// assert_eq!(rx.recv().await, Some("hello"));
/// # });
/// ```
#[must_use]
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let (sender, consumer) = list::new();
    (UnboundedSender { list: sender }, UnboundedReceiver { consumer })
}

/// Sends messages; clone it for more senders.
pub struct UnboundedSender<T> {
    pub(super) list: SenderHandle<List<T>>,
}

/// A sender that does not keep the channel open.
pub struct WeakUnboundedSender<T> {
    pub(super) list: WeakHandle<List<T>>,
}

/// Receives messages.
pub struct UnboundedReceiver<T> {
    pub(super) consumer: Consumer<T>,
}

impl<T> UnboundedSender<T> {
    /// Sends a message; this never waits.
    ///
    /// # Errors
    ///
    /// The message comes back if the receiver is gone or closed.
    #[inline]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.list.send(value).map_err(SendError)
    }

    /// Waits until the receiver is gone or closed.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn closed(&self) {
        Closing { list: &self.list, place: None }.await;
    }

    /// Whether the receiver is gone or closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.list.is_closed()
    }

    /// Whether both send into the same channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.list.as_ptr() == other.list.as_ptr()
    }

    /// A sender that does not keep the channel open.
    #[must_use]
    pub fn downgrade(&self) -> WeakUnboundedSender<T> {
        WeakUnboundedSender { list: self.list.downgrade() }
    }
}

impl<T> Clone for UnboundedSender<T> {
    fn clone(&self) -> Self {
        Self { list: self.list.clone() }
    }
}

impl<T> WeakUnboundedSender<T> {
    /// A sender, unless all have gone.
    #[must_use]
    pub fn upgrade(&self) -> Option<UnboundedSender<T>> {
        self.list.upgrade().map(|list| UnboundedSender { list })
    }
}

impl<T> Clone for WeakUnboundedSender<T> {
    fn clone(&self) -> Self {
        Self { list: self.list.clone() }
    }
}

/// Waits for the receiver to close.
struct Closing<'a, T> {
    list: &'a SenderHandle<List<T>>,
    place: Option<Key>,
}

impl<T> Future for Closing<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let unit = ready!(poll_proceed(cx));
        let Self { list, place } = &mut *self;
        ready!(list.closing.poll_closed(cx, place));
        unit.made_progress();
        Poll::Ready(())
    }
}

impl<T> Drop for Closing<'_, T> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.list.closing.leave_closing(place);
        }
    }
}

impl<T> UnboundedReceiver<T> {
    /// Receives the next message; `None` when all senders are gone, or the channel was closed, and no message is
    /// left.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no message.
    pub fn recv(&mut self) -> impl Future<Output = Option<T>> {
        poll_fn(|cx| self.poll_recv(cx))
    }

    /// Attempts to receive the next message.
    #[inline]
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let unit = ready!(poll_proceed(cx));
        let received = match self.consumer.take() {
            Some(value) => Some(value),
            None => ready!(self.poll_recv_later(cx)),
        };
        unit.made_progress();
        Poll::Ready(received)
    }

    #[cold]
    fn poll_recv_later(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        loop {
            match self.consumer.look() {
                Look::Value(value) => return Poll::Ready(Some(value)),
                Look::Ended => return Poll::Ready(None),
                Look::Empty => ready!(self.consumer.poll_wait(cx)),
            }
        }
    }

    /// Appends up to `limit` messages to `buffer`, waiting for the first, and answers how many; 0 when
    /// [`recv`](Self::recv) would answer `None`, or `limit` is 0.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no message.
    pub async fn recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        poll_fn(|cx| self.poll_recv_many(cx, buffer, limit)).await
    }

    /// Attempts to receive up to `limit` messages.
    pub fn poll_recv_many(&mut self, cx: &mut Context<'_>, buffer: &mut Vec<T>, limit: usize) -> Poll<usize> {
        if limit == 0 {
            return Poll::Ready(0);
        }
        let Some(first) = ready!(self.poll_recv(cx)) else { return Poll::Ready(0) };
        buffer.push(first);
        let mut count = 1;
        while count < limit
            && let Look::Value(value) = self.consumer.look()
        {
            buffer.push(value);
            count += 1;
        }
        Poll::Ready(count)
    }

    /// Receives the next message if it is there.
    ///
    /// # Errors
    ///
    /// If there is none, now or ever.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        match self.consumer.look() {
            Look::Value(value) => Ok(value),
            Look::Empty => Err(TryRecvError::Empty),
            Look::Ended => Err(TryRecvError::Disconnected),
        }
    }

    /// Receives the next message, blocking this thread; not for use in a task.
    pub fn blocking_recv(&mut self) -> Option<T> {
        block_on(self.recv())
    }

    /// As [`recv_many`](Self::recv_many), blocking this thread; not for use in a task.
    pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        block_on(self.recv_many(buffer, limit))
    }

    /// Refuses messages from now on; what is in the channel can still be received.
    pub fn close(&mut self) {
        self.consumer.close();
    }

    /// Whether the channel was closed, or all senders are gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.consumer.list.is_closed() || self.sender_strong_count() == 0
    }

    /// How many messages were sent and not received.
    #[must_use]
    pub fn len(&self) -> usize {
        self.consumer.len()
    }

    /// Whether no message is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.consumer.is_empty()
    }
}

impl<T> fmt::Debug for UnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnboundedSender").field("is_closed", &self.is_closed()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for WeakUnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakUnboundedSender").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for UnboundedReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnboundedReceiver").field("is_closed", &self.is_closed()).finish_non_exhaustive()
    }
}
