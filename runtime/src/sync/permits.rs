//! Permits to take and give back, and the tasks that wait for them: the core of the semaphore and of the bounded
//! channel.
//!
//! One word holds the permits, two flags, and a ticket counter in the bits above, which a channel uses as the
//! position of its next message: it takes a permit and a position with one compare-exchange.
//!
//! Invariants
//! 1. `WAITERS` is turned on and off only under the lock of the queue, and is off whenever the lock is free and the
//!    queue is empty.
//! 2. While `WAITERS` is on, only whoever holds the lock takes permits. So nobody overtakes the queue.
//! 3. Whoever gives permits back and sees `WAITERS` hands over what is there, under the lock. An enqueuing task turns
//!    `WAITERS` on before it looks at the permits a last time. One of the two sees the other.
//! 4. `CLOSED` is turned on under the lock and never off. It empties the queue.

use std::task::{Context, Poll, Waker};

use super::wait_queue::{Key, SetWaker, WaitQueue, Wakers};
use crate::shim::atomic::AtomicU64;
use crate::shim::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::shim::{Mutex, MutexGuard};

const CLOSED: u64 = 1;
const WAITERS: u64 = 1 << 1;
const PERMIT_SHIFT: u32 = 2;
const TICKET_SHIFT: u32 = PERMIT_SHIFT + 32;

/// The most permits there can be.
pub(crate) const MAX_PERMITS: u32 = u32::MAX;

/// Bits of the ticket counter; tickets wrap.
pub(crate) const TICKET_BITS: u32 = u64::BITS - TICKET_SHIFT;

/// Whether a taker also draws a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Ticket {
    No = 0,
    Draw = 1 << TICKET_SHIFT,
}

/// Why permits could not be taken at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unavailable {
    NoPermits,
    Closed,
}

/// No permits will be given any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed;

/// What a queued task waits for.
#[derive(Debug)]
struct Wanted {
    permits: u32,
    granted: bool,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Permits {
    word: AtomicU64,
    queue: Mutex<WaitQueue<Wanted>>,
}

fn available(word: u64) -> u32 {
    (word >> PERMIT_SHIFT) as u32
}

fn ticket_of(word: u64) -> u32 {
    (word >> TICKET_SHIFT) as u32
}

fn cost(permits: u32, ticket: Ticket) -> u64 {
    // Taking permits lowers the word, drawing a ticket raises it; both in one wrapping addition.
    (ticket as u64).wrapping_sub(u64::from(permits) << PERMIT_SHIFT)
}

impl Permits {
    #[cfg(not(loom))]
    pub(crate) const fn new(permits: u32) -> Self {
        Self { word: AtomicU64::new((permits as u64) << PERMIT_SHIFT), queue: Mutex::new(WaitQueue::new()) }
    }

    #[cfg(loom)]
    pub(crate) fn new(permits: u32) -> Self {
        Self { word: AtomicU64::new(u64::from(permits) << PERMIT_SHIFT), queue: Mutex::new(WaitQueue::new()) }
    }

    /// How many permits could be taken now.
    pub(crate) fn available(&self) -> u32 {
        available(self.word.load(Acquire))
    }

    /// The next ticket to be drawn.
    pub(crate) fn tickets(&self) -> u32 {
        ticket_of(self.word.load(Acquire))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.word.load(Acquire) & CLOSED != 0
    }

    /// Takes permits if they are there and nobody waits for any; answers the ticket.
    #[inline]
    pub(crate) fn try_take(&self, permits: u32, ticket: Ticket) -> Result<u32, Unavailable> {
        let mut word = self.word.load(Relaxed);
        loop {
            if word & (CLOSED | WAITERS) != 0 || available(word) < permits {
                return Err(if word & CLOSED != 0 { Unavailable::Closed } else { Unavailable::NoPermits });
            }
            let taken = word.wrapping_add(cost(permits, ticket));
            // ORDERING: Acquire [permit]: what the previous holder did before it gave the permit back is visible.
            match self.word.compare_exchange_weak(word, taken, Acquire, Relaxed) {
                Ok(_) => return Ok(ticket_of(word)),
                Err(current) => word = current,
            }
        }
    }

    /// Takes permits, or waits in the queue; answers the ticket. `place` is the waiter's place in the queue: start
    /// with `None`, and call [`leave`](Self::leave) if it is still `Some` when the waiter gives up.
    #[inline]
    pub(crate) fn poll_take(
        &self,
        cx: &mut Context<'_>,
        permits: u32,
        ticket: Ticket,
        place: &mut Option<Key>,
    ) -> Poll<Result<u32, Closed>> {
        if place.is_none() {
            match self.try_take(permits, ticket) {
                Ok(ticket) => return Poll::Ready(Ok(ticket)),
                Err(Unavailable::Closed) => return Poll::Ready(Err(Closed)),
                Err(Unavailable::NoPermits) => {}
            }
        }
        self.poll_queued(cx, permits, ticket, place)
    }

    #[cold]
    fn poll_queued(
        &self,
        cx: &mut Context<'_>,
        permits: u32,
        ticket: Ticket,
        place: &mut Option<Key>,
    ) -> Poll<Result<u32, Closed>> {
        let Some(key) = *place else {
            let waker = cx.waker().clone();
            return self.enqueue(waker, permits, ticket, place);
        };
        let mut fresh = None;
        loop {
            let mut queue = self.queue.lock();
            let is_granted = queue.get_mut(key).granted;
            if is_granted || self.is_closed() {
                let entry = queue.remove(key);
                *place = None;
                drop(queue);
                drop(entry);
                return Poll::Ready(if is_granted { Ok(self.draw(ticket)) } else { Err(Closed) });
            }
            match queue.set_waker(key, cx, &mut fresh) {
                SetWaker::Done => return Poll::Pending,
                SetWaker::NeedsClone => drop(queue),
            }
            fresh = Some(cx.waker().clone());
        }
    }

    fn enqueue(
        &self,
        waker: Waker,
        permits: u32,
        ticket: Ticket,
        place: &mut Option<Key>,
    ) -> Poll<Result<u32, Closed>> {
        let mut queue = self.queue.lock();
        // ORDERING: Acquire [permit], as in `try_take`. Release is not needed: the lock orders the queue itself.
        let mut word = self.word.fetch_or(WAITERS, Acquire) | WAITERS;
        while queue.is_empty() {
            if word & CLOSED != 0 {
                self.word.fetch_and(!WAITERS, Relaxed);
                return Poll::Ready(Err(Closed));
            }
            if available(word) < permits {
                break;
            }
            let taken = word.wrapping_add(cost(permits, ticket)) & !WAITERS;
            match self.word.compare_exchange_weak(word, taken, Acquire, Acquire) {
                Ok(_) => return Poll::Ready(Ok(ticket_of(word))),
                Err(current) => word = current,
            }
        }
        *place = Some(queue.push_back(Wanted { permits, granted: false }, Some(waker)));
        Poll::Pending
    }

    /// Draws a ticket with a permit that is held already.
    #[inline]
    pub(crate) fn draw(&self, ticket: Ticket) -> u32 {
        match ticket {
            Ticket::No => 0,
            Ticket::Draw => ticket_of(self.word.fetch_add(Ticket::Draw as u64, Acquire)),
        }
    }

    /// Gives permits back, to those who wait first.
    #[inline]
    pub(crate) fn put(&self, permits: u32) {
        // ORDERING: Release [permit]: what the holder did is visible to the next one. Pairs with `try_take`.
        let word = self.word.fetch_add(u64::from(permits) << PERMIT_SHIFT, Release);
        if word & WAITERS != 0 {
            self.hand_over(self.queue.lock());
        }
    }

    /// Adds permits; answers whether they fit.
    pub(crate) fn add(&self, permits: u32) -> bool {
        let mut word = self.word.load(Relaxed);
        loop {
            if available(word).checked_add(permits).is_none() {
                return false;
            }
            let added = word.wrapping_add(u64::from(permits) << PERMIT_SHIFT);
            match self.word.compare_exchange_weak(word, added, Release, Relaxed) {
                Ok(_) => break,
                Err(current) => word = current,
            }
        }
        if word & WAITERS != 0 {
            self.hand_over(self.queue.lock());
        }
        true
    }

    /// Takes up to `permits` of those available, for good; answers how many.
    pub(crate) fn remove_available(&self, permits: u32) -> u32 {
        let mut word = self.word.load(Relaxed);
        loop {
            let removed = available(word).min(permits);
            let left = word.wrapping_add(cost(removed, Ticket::No));
            match self.word.compare_exchange_weak(word, left, Acquire, Relaxed) {
                Ok(_) => return removed,
                Err(current) => word = current,
            }
        }
    }

    /// Gives what is available to the head of the queue, and to the next, as far as it goes.
    #[cold]
    fn hand_over(&self, mut queue: MutexGuard<'_, WaitQueue<Wanted>>) {
        let mut wakers = Wakers::default();
        while let Some(head) = queue.front() {
            // `WAITERS` is on, so permits only become more in the meantime (invariant 2) or are forgotten.
            let wanted = head.permits;
            let mut word = self.word.load(Relaxed);
            let granted = loop {
                if available(word) < wanted {
                    break false;
                }
                let taken = word.wrapping_add(cost(wanted, Ticket::No));
                // ORDERING: Acquire [permit], on behalf of the waiter, who synchronises with us through the lock.
                match self.word.compare_exchange_weak(word, taken, Acquire, Relaxed) {
                    Ok(_) => break true,
                    Err(current) => word = current,
                }
            };
            if !granted {
                break;
            }
            if let Some((head, waker)) = queue.pop_front() {
                head.granted = true;
                wakers.push(waker);
            }
        }
        if queue.is_empty() {
            self.word.fetch_and(!WAITERS, Relaxed);
        }
        drop(queue);
        wakers.wake();
    }

    /// A waiter gives up: its place is free, and permits it was granted go to the next.
    #[cold]
    pub(crate) fn leave(&self, place: Key) {
        let mut queue = self.queue.lock();
        let (wanted, waker) = queue.remove(place);
        if wanted.granted {
            drop(queue);
            self.put(wanted.permits);
        } else {
            // The one behind may want less.
            self.hand_over(queue);
        }
        drop(waker);
    }

    /// Ends it: nobody gets permits any more, and all who wait learn so. Answers whether this call did it.
    pub(crate) fn close(&self) -> bool {
        let mut wakers = Wakers::default();
        let mut queue = self.queue.lock();
        // ORDERING: Release [permit]: what the closer did before is visible to whoever sees it closed.
        let word = self.word.fetch_or(CLOSED, Release);
        queue.drain_wakers(&mut wakers);
        self.word.fetch_and(!WAITERS, Relaxed);
        drop(queue);
        wakers.wake();
        word & CLOSED == 0
    }

    /// Waits for [`close`](Self::close); `place` as in [`poll_take`](Self::poll_take), but call
    /// [`leave_closing`](Self::leave_closing).
    pub(crate) fn poll_closed(&self, cx: &mut Context<'_>, place: &mut Option<Key>) -> Poll<()> {
        if self.is_closed() && place.is_none() {
            return Poll::Ready(());
        }
        let mut fresh = None;
        loop {
            let mut queue = self.queue.lock();
            if self.is_closed() {
                let entry = place.take().map(|key| queue.remove(key));
                drop(queue);
                drop(entry);
                return Poll::Ready(());
            }
            match *place {
                Some(key) if queue.set_waker(key, cx, &mut fresh) == SetWaker::Done => return Poll::Pending,
                None if fresh.is_some() => {
                    *place = Some(queue.insert(Wanted { permits: 0, granted: false }, fresh.take()));
                    return Poll::Pending;
                }
                _ => {}
            }
            drop(queue);
            fresh = Some(cx.waker().clone());
        }
    }

    /// A waiter for the end gives up.
    pub(crate) fn leave_closing(&self, place: Key) {
        let entry = self.queue.lock().remove(place);
        drop(entry);
    }
}
