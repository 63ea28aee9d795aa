//! The ring of a bounded channel.
//!
//! Positions count up for ever; a position's slot is its remainder by the size of the ring, a power of two. The
//! permits bound how far the senders are ahead of the receiver, and one compare-exchange takes a permit and draws the
//! position.
//!
//! # Safety
//!
//! 1. There are as many permits as `capacity`, and at least as many slots. A permit is given back after the slot of
//!    its message was emptied. So a position drawn with a permit names a slot that is empty, and the sender has it to
//!    itself (invariant 1 of `slots`).
//! 2. `head` belongs to the receiver (invariant 3 of `slots`).

use std::mem;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use super::handle::{Channel, Owners, Reference, SenderHandle};
use super::slots::{Slot, WithSlots};
use crate::isolated::isolated;
use crate::sync::atomic_waker::AtomicWaker;
use crate::sync::permits::{Permits, TICKET_BITS, Ticket};
use crate::task::WaitSite;

/// What the senders and the receiver share; the slots follow in memory.
pub(super) struct Header {
    pub(super) permits: Permits,
    pub(super) receiver: AtomicWaker,
    owners: Owners,
    capacity: u32,
    mask: u32,
}

/// The channel.
pub(super) type Ring<T> = WithSlots<Header, T>;

/// The most messages a bounded channel holds; positions must tell a full ring from an empty one.
pub(super) const CAPACITY_MAX: usize = 1 << (TICKET_BITS - 1);

/// A channel with room for `capacity` messages: the first sender's handle and the receiver's end.
pub(super) fn new<T>(capacity: usize) -> (SenderHandle<Ring<T>>, Consumer<T>) {
    assert!(capacity > 0, "a channel needs room for at least one message");
    assert!(capacity <= CAPACITY_MAX, "the channel is too large");
    let slots = capacity.next_power_of_two();
    let header = Header {
        permits: Permits::new(capacity as u32),
        receiver: AtomicWaker::new(),
        owners: Owners::new(),
        capacity: capacity as u32,
        mask: (slots - 1) as u32,
    };
    let ring = Ring::<T>::allocate(header, slots);
    // SAFETY: the counts start with one sender and one receiver.
    unsafe { (SenderHandle::first(ring), Consumer { ring: Reference::from_raw(ring), head: 0 }) }
}

impl<T> Ring<T> {
    pub(super) fn capacity(&self) -> usize {
        self.header.capacity as usize
    }

    /// Whether every permit is at home: nothing is sent, nothing is reserved.
    fn is_at_rest(&self) -> bool {
        self.header.permits.available() == self.header.capacity
    }

    /// Gives reserved permits back, unused.
    pub(super) fn put_back(&self, permits: u32) {
        self.header.permits.put(permits);
        // A closed channel ends when the last permit comes home.
        if self.header.permits.is_closed() {
            self.header.receiver.wake();
        }
    }
}

/// The slot of a position.
#[inline]
fn slot<T>(ring: &Reference<Ring<T>>, position: u32) -> &Slot<T> {
    // SAFETY: the reference keeps the ring alive, and the mask keeps the index below the number of slots.
    unsafe { Ring::slot(ring.as_ptr(), (position & ring.header.mask) as usize) }
}

/// Puts a message at a position drawn with a permit.
#[inline]
pub(super) fn send_at<T>(ring: &Reference<Ring<T>>, position: u32, value: T) {
    // SAFETY: invariant 1; each position is drawn once.
    if unsafe { slot(ring, position).fill(value) } {
        ring.header.receiver.wake();
    }
}

/// Sends with a permit that is held already.
pub(super) fn send_with_permit<T>(ring: &Reference<Ring<T>>, value: T) {
    let position = ring.header.permits.draw(Ticket::Draw);
    send_at(ring, position, value);
}

// SAFETY: `owners` is the same field each time; `free` is called by the last.
unsafe impl<T> Channel for Ring<T> {
    fn owners(&self) -> &Owners {
        &self.header.owners
    }

    fn senders_gone(&self) {
        self.header.receiver.wake();
    }

    unsafe fn free(this: NonNull<Self>) {
        // SAFETY: alive until the end of this function.
        let ring = unsafe { this.as_ref() };
        let slots = ring.header.mask as usize + 1;
        // Messages that came by permits reserved before the receiver went; all other permits are at home.
        if mem::needs_drop::<T>() && !ring.is_at_rest() {
            for index in 0..slots {
                // SAFETY: the last owner acts as the receiver.
                let message = unsafe { Self::slot(this, index).take() };
                // Somebody else's destructor; the messages behind it, and the memory, must not go with it.
                isolated(|| drop(message));
            }
        }
        // SAFETY: forwarded; allocated with as many slots.
        unsafe { Self::free(this, slots) };
    }
}

/// The receiver's end.
pub(super) struct Consumer<T> {
    pub(super) ring: Reference<Ring<T>>,
    head: u32,
}

/// What a look at the channel found.
pub(super) enum Look<T> {
    Value(T),
    Empty,
    /// Nothing will come any more.
    Ended,
}

impl<T> Consumer<T> {
    /// Takes the next message but keeps its permit; see [`release`](Self::release).
    #[inline]
    fn take(&mut self) -> Option<T> {
        // SAFETY: `self` is the receiver.
        let value = unsafe { slot(&self.ring, self.head).take() }?;
        self.head = self.head.wrapping_add(1);
        Some(value)
    }

    #[inline]
    fn release(&self, permits: u32) {
        self.ring.header.permits.put(permits);
    }

    /// Takes the next message if it is there.
    #[inline]
    pub(super) fn try_take(&mut self) -> Option<T> {
        let value = self.take()?;
        self.release(1);
        Some(value)
    }

    /// Takes the next message, or learns why there is none.
    pub(super) fn look(&mut self) -> Look<T> {
        if let Some(value) = self.try_take() {
            return Look::Value(value);
        }
        if !self.has_ended() {
            return Look::Empty;
        }
        // The last message may have come between the two looks above.
        self.try_take().map_or(Look::Ended, Look::Value)
    }

    /// How many messages were sent and not received, with those that are just being filled in.
    pub(super) fn len(&self) -> usize {
        let positions = (1 << TICKET_BITS) - 1;
        (self.ring.header.permits.tickets().wrapping_sub(self.head) & positions) as usize
    }

    /// Whether every message that will ever come is there to be taken.
    fn has_ended(&self) -> bool {
        let header = &self.ring.header;
        header.owners.no_senders() || header.permits.is_closed() && self.ring.is_at_rest()
    }

    /// Takes up to `limit` messages; answers how many, or the reason for none.
    pub(super) fn look_many(&mut self, limit: usize, mut each: impl FnMut(T)) -> Look<usize> {
        let mut taken = 0;
        while taken < limit.min(self.ring.capacity())
            && let Some(value) = self.take()
        {
            each(value);
            taken += 1;
        }
        if taken > 0 {
            self.release(taken as u32);
            return Look::Value(taken);
        }
        match self.look() {
            Look::Value(value) => {
                each(value);
                Look::Value(1)
            }
            Look::Empty => Look::Empty,
            Look::Ended => Look::Ended,
        }
    }

    /// Leaves the waker of `cx`, after a look that found nothing; `Ready` says to look again.
    pub(super) fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.ring.header.receiver.register(cx.waker());
        if !slot(&self.ring, self.head).mark() || self.has_ended() {
            return Poll::Ready(());
        }
        WaitSite::MpscRecv.pending()
    }

    fn drain(&mut self) {
        while let Some(value) = self.take() {
            self.release(1);
            drop(value);
        }
    }
}

impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        // Behind the calls below, which run somebody else's code: one that panics loses nothing of the rest.
        let rest = Rest(self);
        rest.0.ring.header.permits.close();
        rest.0.drain();
    }
}

/// Drops the messages that are there, of a channel without a receiver.
struct Rest<'a, T>(&'a mut Consumer<T>);

impl<T> Drop for Rest<'_, T> {
    fn drop(&mut self) {
        self.0.drain();
    }
}
