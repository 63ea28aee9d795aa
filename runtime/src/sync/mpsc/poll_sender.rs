//! A sender for code that polls.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::bounded::{Claim, OwnedPermit, Sender};
use crate::sync::permits::Ticket;
use crate::sync::wait_queue::Key;

/// Sends by polling: [`poll_reserve`](Self::poll_reserve) until there is room, then [`send_item`](Self::send_item).
///
/// For `poll_*` methods that cannot await; elsewhere [`Sender::reserve`] is simpler. It allocates nothing. With the
/// feature `stream` it is a [`Sink`](https://docs.rs/futures-sink/0.3/futures_sink/trait.Sink.html).
///
/// # Examples
///
/// ```
/// use std::future::poll_fn;
/// use minato_runtime::sync::mpsc::{self, PollSender};
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (tx, mut rx) = mpsc::channel(1);
/// let mut tx = PollSender::new(tx);
/// poll_fn(|cx| tx.poll_reserve(cx)).await.unwrap();
/// tx.send_item("hello").unwrap();
/// assert_eq!(rx.recv().await, Some("hello"));
/// # });
/// ```
pub struct PollSender<T> {
    state: State<T>,
}

enum State<T> {
    Idle(Sender<T>),
    /// In the queue for room.
    Waiting(Sender<T>, Key),
    /// There is room for one message.
    Ready(OwnedPermit<T>),
    Closed,
}

/// The channel is closed; holds the message that was not sent, if there was one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PollSendError<T>(Option<T>);

impl<T> PollSendError<T> {
    /// The message that was not sent, if there was one.
    #[must_use]
    pub fn into_inner(self) -> Option<T> {
        self.0
    }
}

impl<T> PollSender<T> {
    /// Sends with `sender`.
    #[must_use]
    pub fn new(sender: Sender<T>) -> Self {
        Self { state: State::Idle(sender) }
    }

    /// Waits for room for one message, and keeps it; ready at once if it is kept already.
    ///
    /// The place in the queue is kept between calls; the waker is that of the last call.
    ///
    /// # Errors
    ///
    /// If the channel is closed, or this sender is.
    pub fn poll_reserve(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), PollSendError<T>>> {
        let (sender, place) = match std::mem::replace(&mut self.state, State::Closed) {
            State::Idle(sender) => (sender, None),
            State::Waiting(sender, key) => (sender, Some(key)),
            State::Ready(permit) => {
                self.state = State::Ready(permit);
                return Poll::Ready(Ok(()));
            }
            State::Closed => return Poll::Ready(Err(PollSendError(None))),
        };
        let mut claim = Claim { ring: &sender.ring, permits: 1, ticket: Ticket::No, place };
        let claimed = Pin::new(&mut claim).poll(cx);
        let place = claim.place.take();
        drop(claim);
        if claimed.is_pending() {
            self.state = match place {
                Some(key) => State::Waiting(sender, key),
                // The budget is spent before anything is looked at.
                None => State::Idle(sender),
            };
            return Poll::Pending;
        }
        match ready!(claimed) {
            Ok(_) => {
                self.state = State::Ready(OwnedPermit::new(sender));
                Poll::Ready(Ok(()))
            }
            Err(_) => Poll::Ready(Err(PollSendError(None))),
        }
    }

    /// Sends a message into the room kept.
    ///
    /// # Errors
    ///
    /// The message comes back if the channel was found closed, or this sender is closed.
    ///
    /// # Panics
    ///
    /// If [`poll_reserve`](Self::poll_reserve) has not been ready since the last message.
    #[track_caller]
    pub fn send_item(&mut self, value: T) -> Result<(), PollSendError<T>> {
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Ready(permit) => {
                self.state = State::Idle(permit.send(value));
                Ok(())
            }
            State::Closed => Err(PollSendError(Some(value))),
            unready @ (State::Idle(_) | State::Waiting(..)) => {
                self.state = unready;
                panic!("`send_item` without room: `poll_reserve` must be ready first");
            }
        }
    }

    /// Whether the channel is closed, or this sender is.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.get_ref().is_none_or(Sender::is_closed)
    }

    /// The sender, unless this is closed or keeps room, which then has the sender.
    #[must_use]
    pub fn get_ref(&self) -> Option<&Sender<T>> {
        match &self.state {
            State::Idle(sender) | State::Waiting(sender, _) => Some(sender),
            State::Ready(permit) => Some(permit.sender()),
            State::Closed => None,
        }
    }

    /// Lets the sender go; a message for which room is kept can still be sent.
    pub fn close(&mut self) {
        if !matches!(self.state, State::Ready(_)) {
            self.abort_send();
            self.state = State::Closed;
        }
    }

    /// Gives up the room kept, or the place in the queue for it; answers whether there was any.
    pub fn abort_send(&mut self) -> bool {
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Waiting(sender, key) => {
                drop(Claim { ring: &sender.ring, permits: 1, ticket: Ticket::No, place: Some(key) });
                self.state = State::Idle(sender);
                true
            }
            State::Ready(permit) => {
                self.state = State::Idle(permit.release());
                true
            }
            unready @ (State::Idle(_) | State::Closed) => {
                self.state = unready;
                false
            }
        }
    }
}

impl<T> Drop for PollSender<T> {
    fn drop(&mut self) {
        self.abort_send();
    }
}

impl<T> Clone for PollSender<T> {
    /// Sends into the same channel, and keeps no room.
    fn clone(&self) -> Self {
        Self { state: self.get_ref().map_or(State::Closed, |sender| State::Idle(sender.clone())) }
    }
}

#[cfg(feature = "stream")]
impl<T> futures_sink::Sink<T> for PollSender<T> {
    type Error = PollSendError<T>;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.poll_reserve(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, item: T) -> Result<(), Self::Error> {
        self.send_item(item)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.close();
        Poll::Ready(Ok(()))
    }
}

impl<T> Unpin for PollSender<T> {}

impl<T> fmt::Debug for PollSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollSender").field("sender", &self.get_ref()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for PollSendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollSendError").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for PollSendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

impl<T> Error for PollSendError<T> {}
