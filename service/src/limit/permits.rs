//! A counting semaphore for limits.
//!
//! Taking a permit is one atomic operation and returning it is another, while nobody waits. A permit is a plain
//! reference to the semaphore, not a counted one: semaphores are never freed but kept in [`stock`](super::stock) for
//! the next limit, when the last handle and the last permit are gone. So a call pays for no reference count.
//!
//! Where calls of several threads meet at the word, and far from the limit, each thread keeps a few permits in a
//! [pocket](super::pockets) for its next calls. Near the limit the pockets are closed, and the word says all.
//!
//! Invariants
//! 1. The low bits of `word` are the number of permits in existence: those of calls, and those in pockets. A permit is
//!    made by adding one and only while there are fewer than `limit`, so there are never more calls than that.
//! 2. `WAITERS` is on exactly while the queue holds somebody who waits; it changes with the queue's lock held. While
//!    it is on nobody takes a permit but through the queue, so that a newcomer does not pass those who wait.
//! 3. Whoever returns a permit and sees `WAITERS` serves the queue. Whoever enters the queue serves it once too, after
//!    turning `WAITERS` on: either the returner saw the bit, or its permit is counted as free by then.
//! 4. Pockets are open while `STRIPED` is on, which changes with the queue's lock held and is never on together with
//!    `WAITERS`: who enters the queue closes them first. A permit on its way into a pocket meanwhile finds it closed and
//!    is returned to the word.
//! 5. Nobody is refused while `STRIPED` is on, for there may be a permit in a pocket: it is turned off before. What it
//!    is turned off with counts the permits of the pockets as free, so from then on the word alone tells of the limit.
//! 6. `RETIRED` is turned on once, when the last handle is gone and the pockets are closed; whoever then sees the last
//!    permit go, or sees that none is left, gives the semaphore back to the stock.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use super::pockets::{self, Pockets};
use super::queue::{Queue, Rank, Verdict};
use super::stock;
use crate::error::OverloadReason;
use crate::observe::{Event, Watch};
use crate::shim::{AtomicU64, Mutex, MutexGuard, Ordering};

const WAITERS: u64 = 1 << 63;
const RETIRED: u64 = 1 << 62;
const STRIPED: u64 = 1 << 61;
const COUNT: u64 = STRIPED - 1;

/// So often calls of several threads meet at the word before the pockets open.
#[cfg(not(loom))]
const MEETINGS: u64 = 16;
#[cfg(loom)]
const MEETINGS: u64 = 0;
/// And so often after the limit was reached: opening and closing them costs about as much as forty meetings.
#[cfg(not(loom))]
const MEETINGS_NEAR: u64 = 512;
#[cfg(loom)]
const MEETINGS_NEAR: u64 = 1;

/// The semaphore.
#[derive(Debug)]
pub(super) struct Permits {
    word: AtomicU64,
    limit: AtomicU64,
    queue: Mutex<Queue>,
    pockets: OnceLock<Box<Pockets>>,
    /// Meetings before the pockets open. Written without care: that one is lost now and then does no harm.
    meetings: AtomicU64,
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
        Self {
            word: AtomicU64::new(0),
            limit: AtomicU64::new(0),
            queue: Mutex::new(Queue::default()),
            pockets: pockets::unmade(),
            meetings: AtomicU64::new(MEETINGS),
        }
    }

    #[inline]
    fn try_acquire(&'static self) -> Option<Permit> {
        let limit = self.limit.load(Ordering::Relaxed);
        let word = self.word.load(Ordering::Relaxed);
        // Every flag makes the word larger than any limit.
        if word >= limit {
            return self.try_acquire_otherwise();
        }
        // ORDERING: Acquire, the call that begins sees what the call that made room did. Pairs with
        // [permits.release].
        match self.word.compare_exchange(word, word + 1, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => Some(Permit { permits: self }),
            Err(_) => {
                self.note_meeting();
                self.try_acquire_otherwise()
            }
        }
    }

    /// Takes a permit out of the pocket, or from the word, whatever state it is in.
    #[inline(never)]
    fn try_acquire_otherwise(&'static self) -> Option<Permit> {
        loop {
            let word = self.word.load(Ordering::Relaxed);
            if word & STRIPED != 0 && self.pockets.get().is_some_and(|pockets| pockets.take()) {
                return Some(Permit { permits: self });
            }
            if word & !STRIPED < self.limit.load(Ordering::Relaxed) {
                // ORDERING: Acquire, as in `try_acquire`. Pairs with [permits.release].
                match self.word.compare_exchange(word, word + 1, Ordering::Acquire, Ordering::Relaxed) {
                    Ok(_) => return Some(Permit { permits: self }),
                    Err(_) => self.note_meeting(),
                }
            } else if word & STRIPED != 0 {
                self.close_pockets(&self.queue());
            } else {
                return None;
            }
        }
    }

    /// Calls of two threads have met at the word.
    #[cold]
    fn note_meeting(&self) {
        let meetings = self.meetings.load(Ordering::Relaxed);
        if meetings > 0 {
            self.meetings.store(meetings - 1, Ordering::Relaxed);
        } else {
            self.open_pockets();
        }
    }

    #[cold]
    fn open_pockets(&self) {
        let queue = self.queue();
        let limit = self.limit.load(Ordering::Relaxed);
        let word = self.word.load(Ordering::Relaxed);
        // Every flag is a reason not to, and so is half of the limit.
        if word <= limit / 2 {
            self.word.fetch_or(STRIPED, Ordering::Relaxed);
            self.pockets.get_or_init(|| Box::new(Pockets::new())).open(limit);
        }
        drop(queue);
    }

    /// Returns the permits in pockets to the word, which is all there is from then on.
    #[cold]
    fn close_pockets(&self, _: &MutexGuard<'_, Queue>) {
        if self.word.load(Ordering::Relaxed) & STRIPED == 0 {
            return;
        }
        let permits = self.pockets.get().map_or(0, |pockets| pockets.close());
        self.meetings.store(MEETINGS_NEAR, Ordering::Relaxed);
        // ORDERING: Release, hands on what the calls did that left these permits. [permits.release]. In one step, so that
        // who sees the flag off sees the permits returned (invariant 5).
        self.word.fetch_sub(permits + STRIPED, Ordering::Release);
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
        if self.word.load(Ordering::Relaxed) & STRIPED == 0 || !self.put_into_pocket() {
            self.release_to_word();
        }
    }

    #[inline(never)]
    fn put_into_pocket(&self) -> bool {
        self.pockets.get().is_some_and(|pockets| pockets.put())
    }

    #[inline]
    fn release_to_word(&'static self) {
        // ORDERING: Release, publishes what the call did. [permits.release]. That a waiter is not missed needs no
        // more: its bit and our permit are in one word (invariant 3).
        let before = self.word.fetch_sub(1, Ordering::Release);
        if before & (WAITERS | RETIRED) != 0 {
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
        wake_each(woken);
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

/// Wakes all. One whose waker panics is not who returned the permit, and no reason to let the others sleep.
fn wake_each(woken: Vec<Waker>) {
    woken.into_iter().for_each(|waker| drop(catch_unwind(AssertUnwindSafe(|| waker.wake()))));
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
        permits.meetings.store(MEETINGS, Ordering::Relaxed);
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
                self.permits.close_pockets(&queue);
                // Before the permits are counted (invariant 3).
                self.permits.note_waiters(&queue);
                woken.append(&mut self.permits.serve(&mut queue));
                ticket.insert(Ticket { limit: self.clone(), rank: entered.rank }).rank
            }
        };
        let verdict = queue.settle(rank);
        drop(queue);
        wake_each(woken);
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
        // Pockets have room in proportion to the limit, so they do not stay open over its change.
        let queue = self.permits.queue();
        self.permits.close_pockets(&queue);
        self.permits.limit.store(max as u64, Ordering::Relaxed);
        drop(queue);
        // Whoever entered the queue under the old limit did so with the lock held: the new one is for them too.
        self.permits.serve_queue();
        self.watch.tell(|| Event::LimitChanged { from, to: max });
    }

    pub(crate) fn in_flight(&self) -> usize {
        let word = self.permits.word.load(Ordering::Relaxed);
        let pockets = self.permits.pockets.get().filter(|_| word & STRIPED != 0);
        (word & COUNT).saturating_sub(pockets.map_or(0, |pockets| pockets.permits())) as usize
    }

    pub(crate) fn waiting(&self) -> usize {
        self.permits.queue().len()
    }

    /// As if calls of several threads had met often enough.
    #[cfg(test)]
    pub(super) fn open_pockets(&self) {
        self.permits.open_pockets();
    }

    #[cfg(all(test, not(loom)))]
    fn has_open_pockets(&self) -> bool {
        self.permits.word.load(Ordering::Relaxed) & STRIPED != 0
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        self.permits.close_pockets(&self.permits.queue());
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

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn on_another_thread<T: Send>(function: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| scope.spawn(function).join().unwrap())
    }

    #[test]
    fn a_permit_in_anothers_pocket_is_found_at_the_limit() {
        let limit = Limit::new(2);
        limit.open_pockets();
        on_another_thread(|| drop(limit.try_acquire()));
        assert!(limit.has_open_pockets());
        assert_eq!(limit.in_flight(), 0, "what lies in a pocket is no call");
        let permits = [limit.try_acquire(), limit.try_acquire(), limit.try_acquire()];
        assert_eq!(permits.each_ref().map(Option::is_some), [true, true, false]);
        assert!(!limit.has_open_pockets(), "at the limit the word says all");
        assert_eq!(limit.in_flight(), 2);
        drop(permits);
        assert_eq!(limit.in_flight(), 0);
    }

    #[test]
    fn a_waker_that_panics_keeps_no_permit_from_those_behind_it() {
        struct Panics;
        impl std::task::Wake for Panics {
            fn wake(self: Arc<Self>) {
                panic!("woken");
            }
        }
        struct Notes(AtomicUsize);
        impl std::task::Wake for Notes {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let limit = Arc::new(Limit::new(1));
        let held = limit.try_acquire().unwrap();
        let entry = crate::limit::Wait::new().entry(crate::limit::Priority::NORMAL);
        let notes = Arc::new(Notes(AtomicUsize::new(0)));
        let wakers = [Waker::from(Arc::new(Panics)), Waker::from(notes.clone())];
        let tickets = wakers.map(|waker| {
            let mut ticket = None;
            assert!(limit.poll_acquire(&mut ticket, &entry, &mut Context::from_waker(&waker)).is_pending());
            ticket
        });
        limit.set_max(3);
        assert_eq!(notes.0.load(Ordering::Relaxed), 1);
        drop((tickets, held));
        assert_eq!(limit.in_flight(), 0);
    }

    #[test]
    fn pockets_close_over_a_change_of_the_limit_and_stay_closed_near_it() {
        let limit = Limit::new(10);
        limit.open_pockets();
        drop(limit.try_acquire());
        limit.set_max(4);
        assert!(!limit.has_open_pockets());
        let held: Vec<_> = (0..3).map(|_| limit.try_acquire().unwrap()).collect();
        limit.open_pockets();
        assert!(!limit.has_open_pockets(), "three of four places are taken");
        drop(held);
        limit.open_pockets();
        assert!(limit.has_open_pockets());
    }

    #[test]
    fn a_limit_that_goes_leaves_nothing_to_the_next() {
        for _ in 0..100 {
            let limit = Limit::new(10);
            assert_eq!((limit.in_flight(), limit.waiting(), limit.has_open_pockets()), (0, 0, false));
            limit.open_pockets();
            let held = limit.try_acquire();
            on_another_thread(|| drop(limit.try_acquire()));
            drop(limit);
            drop(held);
        }
    }

    #[test]
    fn threads_that_meet_keep_permits_and_are_never_more_than_the_limit() {
        for max in [1, 2, 3, 8, 40] {
            let limit = Limit::new(max);
            let (running, start) = (AtomicUsize::new(0), Barrier::new(4));
            let call = |round: usize| {
                let Some(permit) = limit.try_acquire() else { return 0 };
                let before = running.fetch_add(1, Ordering::SeqCst);
                assert!(before < max, "{} calls of {max}", before + 1);
                if round.is_multiple_of(7) {
                    std::thread::yield_now();
                }
                running.fetch_sub(1, Ordering::SeqCst);
                drop(permit);
                1
            };
            let passed: usize = std::thread::scope(|scope| {
                let work = || {
                    start.wait();
                    (0..2_000)
                        .map(|round: usize| {
                            if round.is_multiple_of(100) {
                                limit.open_pockets();
                            }
                            call(round)
                        })
                        .sum::<usize>()
                };
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            });
            assert!(passed > 0);
            if max >= 4 {
                assert_eq!(passed, 8_000, "four calls at once are never refused at a limit of {max}");
            }
            assert_eq!(limit.in_flight(), 0);
            assert_eq!(
                (0..max + 1).map(|_| limit.try_acquire()).collect::<Vec<_>>().iter().flatten().count(),
                max
            );
        }
    }
}
