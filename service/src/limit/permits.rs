//! A counting semaphore for limits.
//!
//! Taking a permit is one atomic operation and returning it is another, while nobody waits. A permit is a plain
//! reference to the semaphore, not a counted one: semaphores are never freed but kept in [`stock`](super::stock) for
//! the next limit, when the last handle and the last permit are gone. So a call pays for no reference count.
//!
//! Invariants
//! 1. The low bits of `word` are the number of permits in existence. A permit is made by adding one and only while
//!    there are fewer than `limit`.
//! 2. `WAITERS` is on exactly while the queue holds somebody who waits; it changes with the queue's lock held. While
//!    it is on nobody takes a permit but through the queue, so that a newcomer does not pass those who wait.
//! 3. Whoever returns a permit and sees `WAITERS` serves the queue. Whoever enters the queue serves it once too, after
//!    turning `WAITERS` on: either the returner saw the bit, or its permit is counted as free by then.
//! 4. `RETIRED` is turned on once, when the last handle is gone; whoever then sees the last permit go, or sees that
//!    none is left, gives the semaphore back to the stock.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::queue::{Queue, Rank, Verdict};
use super::stock;
use crate::error::OverloadReason;
use crate::observe::{Event, Watch};
use crate::shim::{AtomicU64, Mutex, MutexGuard, Ordering};

const WAITERS: u64 = 1 << 63;
const RETIRED: u64 = 1 << 62;
const COUNT: u64 = RETIRED - 1;

/// The semaphore.
#[derive(Debug)]
pub(super) struct Permits {
    word: AtomicU64,
    limit: AtomicU64,
    queue: Mutex<Queue>,
}

/// The semaphore of one limit, which the limit's handles and services share.
#[derive(Debug)]
pub(crate) struct Limit {
    permits: &'static Permits,
    pub(crate) watch: Watch,
}

/// The right to run one call; returned on drop.
#[derive(Debug)]
pub(crate) struct Permit {
    permits: &'static Permits,
}

/// A place in the queue; given up on drop.
#[derive(Debug)]
pub(crate) struct Ticket {
    limit: Arc<Limit>,
    rank: Rank,
}

impl Permits {
    pub(super) fn new() -> Self {
        Self { word: AtomicU64::new(0), limit: AtomicU64::new(0), queue: Mutex::new(Queue::default()) }
    }

    #[inline]
    fn try_acquire(&'static self) -> Option<Permit> {
        let limit = self.limit.load(Ordering::Relaxed);
        let mut word = self.word.load(Ordering::Relaxed);
        // `WAITERS` makes the word larger than any limit.
        while word < limit {
            // ORDERING: Acquire, the call that begins sees what the call that made room did. Pairs with
            // [permits.release].
            match self.word.compare_exchange_weak(word, word + 1, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Some(Permit { permits: self }),
                Err(current) => word = current,
            }
        }
        None
    }

    /// Makes a permit for somebody in the queue, whose lock the caller holds.
    fn try_take_queued(&self) -> bool {
        let limit = self.limit.load(Ordering::Relaxed);
        let mut word = self.word.load(Ordering::Relaxed);
        while word & COUNT < limit {
            // ORDERING: Acquire, as in `try_acquire`. Pairs with [permits.release].
            match self.word.compare_exchange_weak(word, word + 1, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(current) => word = current,
            }
        }
        false
    }

    #[inline]
    fn release(&'static self) {
        // ORDERING: Release, publishes what the call did. [permits.release]. That a waiter is not missed needs no
        // more: its bit and our permit are in one word (invariant 3).
        let before = self.word.fetch_sub(1, Ordering::Release);
        if before & !COUNT != 0 {
            self.released(before);
        }
    }

    #[cold]
    fn released(&'static self, before: u64) {
        if before & WAITERS != 0 {
            self.serve_queue();
        }
        if before & RETIRED != 0 && before & COUNT == 1 {
            stock::give_back(self);
        }
    }

    /// Gives permits to those who wait, while there are any.
    fn serve_queue(&self) {
        let mut queue = self.queue();
        let woken = self.serve(&mut queue);
        drop(queue);
        woken.into_iter().for_each(Waker::wake);
    }

    fn serve(&self, queue: &mut Queue) -> Vec<Waker> {
        let woken = queue.serve(|| self.try_take_queued());
        self.note_waiters(queue);
        woken
    }

    /// Keeps invariant 2 after a change of the queue.
    fn note_waiters(&self, queue: &Queue) {
        match queue.is_empty() {
            true => self.word.fetch_and(!WAITERS, Ordering::Relaxed),
            false => self.word.fetch_or(WAITERS, Ordering::Relaxed),
        };
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Refuses a limit that lets nothing through, or that the word has no room for.
pub(crate) fn check(max: usize) {
    assert!(max > 0, "`max` is zero: a limit that lets nothing through");
    assert!(max as u64 <= COUNT, "`max` is {max}, more than the {COUNT} calls that can be counted");
}

impl Limit {
    /// A limit of `max` permits.
    ///
    /// # Panics
    ///
    /// If `max` is zero, or more than can be counted.
    pub(crate) fn new(max: usize) -> Self {
        check(max);
        let permits = stock::take();
        *permits.queue() = Queue::default();
        permits.word.store(0, Ordering::Relaxed);
        permits.limit.store(max as u64, Ordering::Relaxed);
        Self { permits, watch: Watch::default() }
    }

    /// Takes a permit if there is one and nobody waits for it.
    #[inline]
    pub(crate) fn try_acquire(&self) -> Option<Permit> {
        self.permits.try_acquire()
    }

    /// Takes a permit, or enters the queue. `ticket` is the caller's place in it.
    pub(crate) fn poll_acquire(
        self: &Arc<Self>,
        ticket: &mut Option<Ticket>,
        entry: &super::queue::Entry,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Permit, OverloadReason>> {
        if ticket.is_none()
            && let Some(permit) = self.try_acquire()
        {
            return Poll::Ready(Ok(permit));
        }
        let outcome = self.poll_queue(ticket, entry, cx);
        if let Poll::Ready(Err(reason)) = outcome {
            self.watch.tell(|| Event::Refused { reason });
        }
        outcome
    }

    fn poll_queue(
        self: &Arc<Self>,
        ticket: &mut Option<Ticket>,
        entry: &super::queue::Entry,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Permit, OverloadReason>> {
        // Cloned before the lock is taken and, where it is not needed, dropped after.
        let mut waker = Some(cx.waker().clone());
        let mut queue = self.permits.queue();
        let mut woken = Vec::new();
        let rank = match ticket {
            Some(ticket) => {
                waker = queue.update(ticket.rank, waker);
                ticket.rank
            }
            None => {
                let entered = match queue.enter(entry, &mut waker) {
                    Ok(entered) => entered,
                    Err(reason) => return Poll::Ready(Err(reason)),
                };
                woken.extend(entered.evicted);
                // Before the permits are counted (invariant 3).
                self.permits.note_waiters(&queue);
                woken.append(&mut self.permits.serve(&mut queue));
                ticket.insert(Ticket { limit: self.clone(), rank: entered.rank }).rank
            }
        };
        let verdict = queue.settle(rank);
        drop(queue);
        woken.into_iter().for_each(Waker::wake);
        drop(waker);
        match verdict {
            None => Poll::Pending,
            Some(Verdict::Granted) => {
                *ticket = None;
                Poll::Ready(Ok(Permit { permits: self.permits }))
            }
            Some(Verdict::Shed(reason)) => {
                *ticket = None;
                Poll::Ready(Err(reason))
            }
        }
    }

    pub(crate) fn max(&self) -> usize {
        self.permits.limit.load(Ordering::Relaxed) as usize
    }

    /// Sets another limit. Calls under way are left alone; there may be more of them than the new limit for a while.
    pub(crate) fn set_max(&self, max: usize) {
        check(max);
        let from = self.max();
        if from == max {
            return;
        }
        self.permits.limit.store(max as u64, Ordering::Relaxed);
        // Whoever entered the queue under the old limit did so with the lock held: the new one is for them too.
        self.permits.serve_queue();
        self.watch.tell(|| Event::LimitChanged { from, to: max });
    }

    pub(crate) fn in_flight(&self) -> usize {
        (self.permits.word.load(Ordering::Relaxed) & COUNT) as usize
    }

    pub(crate) fn waiting(&self) -> usize {
        self.permits.queue().len()
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        // ORDERING: Relaxed will do: the stock's lock orders this life before the next.
        let before = self.permits.word.fetch_or(RETIRED, Ordering::Relaxed);
        if before & COUNT == 0 {
            stock::give_back(self.permits);
        }
    }
}

impl Drop for Permit {
    #[inline]
    fn drop(&mut self) {
        self.permits.release();
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let permits = self.limit.permits;
        let mut queue = permits.queue();
        let left = queue.leave(self.rank);
        permits.note_waiters(&queue);
        drop(queue);
        // The place was given to this ticket, and nobody will take it.
        if left.verdict == Some(Verdict::Granted) {
            permits.release();
        }
    }
}
