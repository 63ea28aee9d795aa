//! The bounded channel.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::error::{SendError, TryRecvError, TrySendError};
use super::handle::{SenderHandle, WeakHandle};
use super::ring::{self, Consumer, Look, Ring};
use crate::sync::blocking::block_on;
use crate::sync::permits::{Closed, Ticket, Unavailable};
use crate::sync::wait_queue::Key;
use crate::task::WaitSite;
use crate::task::coop::poll_proceed;

/// A channel with room for `capacity` messages.
///
/// The room is one allocation; memory that was never used is not touched.
///
/// # Panics
///
/// If `capacity` is 0 or more than 2²⁹.
///
/// # Examples
///
/// ```
/// use minato_runtime::sync::mpsc;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (tx, mut rx) = mpsc::channel(8);
/// tx.send("hello").await.unwrap();
/// drop(tx);
/// assert_eq!(rx.recv().await, Some("hello"));
/// assert_eq!(rx.recv().await, None);
/// # });
/// ```
#[must_use]
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let (sender, consumer) = ring::new(capacity);
    (Sender { ring: sender }, Receiver { consumer })
}

/// Sends messages; clone it for more senders.
pub struct Sender<T> {
    pub(super) ring: SenderHandle<Ring<T>>,
}

/// A sender that does not keep the channel open.
pub struct WeakSender<T> {
    pub(super) ring: WeakHandle<Ring<T>>,
}

/// Receives messages.
pub struct Receiver<T> {
    pub(super) consumer: Consumer<T>,
}

// SAFETY: messages move between threads through the channel, each owned by one side at a time; all shared state is
// atomic or locked.
unsafe impl<T: Send> Send for Ring<T> {}
// SAFETY: as above; `&Sender` and `&Receiver` give out no `&T`.
unsafe impl<T: Send> Sync for Ring<T> {}

impl<T> Sender<T> {
    /// Sends a message, waiting for room.
    ///
    /// # Errors
    ///
    /// The message comes back if the receiver is gone or closed.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has sent nothing, and the message is lost with it. Where that matters,
    /// [`reserve`](Self::reserve) first.
    pub fn send(&self, value: T) -> impl Future<Output = Result<(), SendError<T>>> {
        Sending { ring: &self.ring, value: Some(value), place: None }
    }

    /// Sends a message if there is room.
    ///
    /// # Errors
    ///
    /// The message comes back if there is no room, or the receiver is gone or closed.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        match self.ring.header.permits.try_take(1, Ticket::Draw) {
            Ok(position) => {
                ring::send_at(&self.ring, position, value);
                Ok(())
            }
            Err(Unavailable::NoPermits) => Err(TrySendError::Full(value)),
            Err(Unavailable::Closed) => Err(TrySendError::Closed(value)),
        }
    }

    /// Sends a message, blocking this thread while there is no room; not for use in a task.
    ///
    /// # Errors
    ///
    /// The message comes back if the receiver is gone or closed.
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        block_on(self.send(value))
    }

    /// Waits for room, and keeps it until the permit is used or dropped.
    ///
    /// # Errors
    ///
    /// If the receiver is gone or closed.
    ///
    /// # Cancel safety
    ///
    /// A dropped future loses its place in the queue; room it was given goes to the next.
    pub async fn reserve(&self) -> Result<Permit<'_, T>, SendError<()>> {
        match (Claim { ring: &self.ring, permits: 1, ticket: Ticket::No, place: None }).await {
            Ok(_) => Ok(Permit { ring: Some(&self.ring) }),
            Err(Closed) => Err(SendError(())),
        }
    }

    /// Keeps room if there is any.
    ///
    /// # Errors
    ///
    /// If there is no room, or the receiver is gone or closed.
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        match self.ring.header.permits.try_take(1, Ticket::No) {
            Ok(_) => Ok(Permit { ring: Some(&self.ring) }),
            Err(Unavailable::NoPermits) => Err(TrySendError::Full(())),
            Err(Unavailable::Closed) => Err(TrySendError::Closed(())),
        }
    }

    /// As [`reserve`](Self::reserve), with a permit that owns the sender.
    ///
    /// # Errors
    ///
    /// If the receiver is gone or closed.
    ///
    /// # Cancel safety
    ///
    /// As [`reserve`](Self::reserve); the sender is dropped with the future.
    pub async fn reserve_owned(self) -> Result<OwnedPermit<T>, SendError<()>> {
        match (Claim { ring: &self.ring, permits: 1, ticket: Ticket::No, place: None }).await {
            Ok(_) => Ok(OwnedPermit { sender: Some(self) }),
            Err(Closed) => Err(SendError(())),
        }
    }

    /// As [`try_reserve`](Self::try_reserve), with a permit that owns the sender.
    ///
    /// # Errors
    ///
    /// The sender comes back if there is no room, or the receiver is gone or closed.
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        match self.ring.header.permits.try_take(1, Ticket::No) {
            Ok(_) => Ok(OwnedPermit { sender: Some(self) }),
            Err(Unavailable::NoPermits) => Err(TrySendError::Full(self)),
            Err(Unavailable::Closed) => Err(TrySendError::Closed(self)),
        }
    }

    /// Waits until the receiver is gone or closed.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn closed(&self) {
        Closing { ring: &self.ring, place: None }.await;
    }

    /// Whether the receiver is gone or closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.ring.header.permits.is_closed()
    }

    /// How many messages could be sent now.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.ring.header.permits.available() as usize
    }

    /// How many messages there is room for in all.
    #[must_use]
    pub fn max_capacity(&self) -> usize {
        self.ring.capacity()
    }

    /// Whether both send into the same channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.ring.as_ptr() == other.ring.as_ptr()
    }

    /// A sender that does not keep the channel open.
    #[must_use]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender { ring: self.ring.downgrade() }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { ring: self.ring.clone() }
    }
}

impl<T> WeakSender<T> {
    /// A sender, unless all have gone.
    #[must_use]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        self.ring.upgrade().map(|ring| Sender { ring })
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self { ring: self.ring.clone() }
    }
}

/// Sends a message. Written by hand, because the compiler's state machine for the same, around a [`Claim`], costs a
/// third more.
#[must_use = "futures do nothing unless polled"]
struct Sending<'a, T> {
    ring: &'a SenderHandle<Ring<T>>,
    /// `None` once it was sent or given back.
    value: Option<T>,
    place: Option<Key>,
}

// The message is moved, never pinned.
impl<T> Unpin for Sending<'_, T> {}

impl<T> Future for Sending<'_, T> {
    type Output = Result<(), SendError<T>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { ring, value, place } = self.get_mut();
        let unit = ready!(poll_proceed(cx));
        let claimed =
            ready!(WaitSite::MpscSend.of(ring.header.permits.poll_take(cx, 1, Ticket::Draw, place)));
        unit.made_progress();
        let value = value.take().expect("polled after completion");
        Poll::Ready(match claimed {
            Ok(position) => {
                ring::send_at(ring, position, value);
                Ok(())
            }
            Err(Closed) => Err(SendError(value)),
        })
    }
}

impl<T> Drop for Sending<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(place) = self.place {
            give_up(self.ring, place);
        }
    }
}

/// Leaves the queue for room.
fn give_up<T>(ring: &Ring<T>, place: Key) {
    ring.header.permits.leave(place);
    if ring.header.permits.is_closed() {
        ring.header.receiver.wake();
    }
}

/// Waits for permits, and draws a position with them if asked to.
pub(super) struct Claim<'a, T> {
    pub(super) ring: &'a SenderHandle<Ring<T>>,
    pub(super) permits: u32,
    pub(super) ticket: Ticket,
    pub(super) place: Option<Key>,
}

impl<T> Future for Claim<'_, T> {
    type Output = Result<u32, Closed>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let unit = ready!(poll_proceed(cx));
        let Self { ring, permits, ticket, place } = &mut *self;
        let claimed =
            ready!(WaitSite::MpscSend.of(ring.header.permits.poll_take(cx, *permits, *ticket, place)));
        unit.made_progress();
        Poll::Ready(claimed)
    }
}

impl<T> Drop for Claim<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(place) = self.place {
            give_up(self.ring, place);
        }
    }
}

/// Waits for the receiver to close.
struct Closing<'a, T> {
    ring: &'a SenderHandle<Ring<T>>,
    place: Option<Key>,
}

impl<T> Future for Closing<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let unit = ready!(poll_proceed(cx));
        let Self { ring, place } = &mut *self;
        ready!(WaitSite::MpscClosed.of(ring.header.permits.poll_closed(cx, place)));
        unit.made_progress();
        Poll::Ready(())
    }
}

impl<T> Drop for Closing<'_, T> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.ring.header.permits.leave_closing(place);
        }
    }
}

/// Room for one message; dropping it gives the room back.
#[must_use = "a permit that is not kept gives the room back at once"]
pub struct Permit<'a, T> {
    /// `None` once it was used.
    pub(super) ring: Option<&'a SenderHandle<Ring<T>>>,
}

/// Room for one message, with the sender; dropping it gives the room back.
#[must_use = "a permit that is not kept gives the room back at once"]
pub struct OwnedPermit<T> {
    /// `None` once it was used.
    sender: Option<Sender<T>>,
}

impl<T> Permit<'_, T> {
    /// Sends a message into the room kept; this never waits.
    ///
    /// A message sent after the receiver has gone is dropped with the channel.
    pub fn send(mut self, value: T) {
        if let Some(ring) = self.ring.take() {
            ring::send_with_permit(ring, value);
        }
    }
}

impl<T> OwnedPermit<T> {
    /// The caller has taken the room just now.
    pub(super) fn new(sender: Sender<T>) -> Self {
        Self { sender: Some(sender) }
    }

    /// Sends a message into the room kept, and gives the sender back; this never waits.
    ///
    /// A message sent after the receiver has gone is dropped with the channel.
    pub fn send(mut self, value: T) -> Sender<T> {
        let sender = self.take();
        ring::send_with_permit(&sender.ring, value);
        sender
    }

    /// Whether both keep room in the same channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.sender().same_channel(other.sender())
    }

    /// Whether this keeps room in the channel of `sender`.
    #[must_use]
    pub fn same_channel_as_sender(&self, sender: &Sender<T>) -> bool {
        self.sender().same_channel(sender)
    }

    pub(super) fn sender(&self) -> &Sender<T> {
        self.sender.as_ref().expect("a permit is used once")
    }

    /// Gives the room back, and the sender.
    pub fn release(mut self) -> Sender<T> {
        let sender = self.take();
        sender.ring.put_back(1);
        sender
    }

    fn take(&mut self) -> Sender<T> {
        self.sender.take().expect("a permit is used once")
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        if let Some(ring) = self.ring {
            ring.put_back(1);
        }
    }
}

impl<T> Drop for OwnedPermit<T> {
    fn drop(&mut self) {
        if let Some(sender) = &self.sender {
            sender.ring.put_back(1);
        }
    }
}

impl<T> Receiver<T> {
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
        let received = match self.consumer.try_take() {
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
        let unit = ready!(poll_proceed(cx));
        loop {
            let received = match limit {
                0 => 0,
                limit => match self.consumer.look_many(limit, |value| buffer.push(value)) {
                    Look::Value(count) => count,
                    Look::Ended => 0,
                    Look::Empty => {
                        ready!(self.consumer.poll_wait(cx));
                        continue;
                    }
                },
            };
            unit.made_progress();
            return Poll::Ready(received);
        }
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

    /// Refuses messages from now on, but for those with a permit; what is in the channel can still be received.
    pub fn close(&mut self) {
        self.consumer.ring.header.permits.close();
    }

    /// Whether the channel was closed, or all senders are gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.consumer.ring.header.permits.is_closed() || self.sender_strong_count() == 0
    }

    /// How many messages were sent and not received.
    #[must_use]
    pub fn len(&self) -> usize {
        self.consumer.len()
    }

    /// Whether every message was received.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many messages could be sent now.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.consumer.ring.header.permits.available() as usize
    }

    /// How many messages there is room for in all.
    #[must_use]
    pub fn max_capacity(&self) -> usize {
        self.consumer.ring.capacity()
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("capacity", &self.capacity())
            .field("max_capacity", &self.max_capacity())
            .field("is_closed", &self.is_closed())
            .finish()
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("capacity", &self.capacity())
            .field("max_capacity", &self.max_capacity())
            .field("is_closed", &self.is_closed())
            .finish()
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit").finish_non_exhaustive()
    }
}
