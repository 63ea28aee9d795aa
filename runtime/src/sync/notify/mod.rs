//! A wake-up call without a value.
//!
//! Most often one task waits. It has a slot, and needs no lock. Those who come while it does stand in a queue behind it, each
//! with a place and a ticket. Tickets are drawn in the order of the queue, and calls take the first of it out, so one number says
//! which tickets were called: a task that was woken sees without the lock that it was, and has nothing to clear away.
//!
//! - this file: those who call
//! - `word`: the one word that says who waits
//! - `alone`: one who waits with nobody before it
//! - `queue`: those who wait behind another
//! - `waiting`, `future`: what a waiting future does
//!
//! Invariants
//! 1. `WAITING` is on exactly while the queue is not empty, for whoever gets its lock, and `ALONE` while somebody waits in the slot.
//!    While one of them is, no call is stored. Who changes its waker in the slot turns `WAITING` on in place of `ALONE`, with
//!    the lock held, and back.
//! 2. A call to everybody reaches each [`Notified`] made before it, polled or not: the count has changed since they were
//!    made.
//! 3. Whoever waits in the slot came before all who are in the queue.
//! 4. `called` is the last ticket that was called from the front of the queue; it changes under the lock. A place that
//!    has no entry any more, and was not given up, was called: with everybody if its ticket is no later than the queue's `floor`,
//!    which does not change once `called` has, from the front otherwise.
//! 5. Whoever of the queue is called otherwise, from the end or with everybody when calls from the front have begun, keeps an entry
//!    that says so, until it collects it. While there is such an entry `KEPT` is on, and nothing is decided without the lock.

mod alone;
mod future;
mod queue;
mod waiting;
mod word;

#[cfg(all(test, loom))]
mod loom_models;
#[cfg(all(test, not(loom)))]
mod tests;

use std::fmt;
use std::sync::Arc;

use super::wait_queue::Wakers;
use crate::shim::Mutex;
use crate::shim::atomic::AtomicU64;
use crate::shim::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use alone::Slot;
pub use future::{Notified, OwnedNotified};
use queue::{Call, End, Queue};
pub(crate) use waiting::Waiting;
use word::{ALONE, CALL, HELD_ALL, HELD_LAST, KEPT, NOTIFIED, WAITING};

/// Calls tasks that wait for something to change.
///
/// A call that finds nobody waiting is stored, at most once, for the next that waits. So "check, then wait" loses no
/// call that comes in between.
///
/// # Examples
///
/// ```
/// use minato_runtime::sync::Notify;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let notify = Notify::new();
/// notify.notify_one();
/// notify.notified().await;
/// # });
/// ```
pub struct Notify {
    word: AtomicU64,
    slot: Slot,
    called: AtomicU64,
    /// Made with the first who waits in it.
    queue: Mutex<Option<Box<Queue>>>,
}

impl Default for Notify {
    fn default() -> Self {
        Self::new()
    }
}

impl Notify {
    /// Nobody waits, nothing is stored.
    #[must_use]
    pub fn new() -> Self {
        Self {
            word: AtomicU64::new(0),
            slot: Slot::new(),
            called: AtomicU64::new(0),
            queue: Mutex::new(None),
        }
    }

    /// As [`new`](Self::new), for statics.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn const_new() -> Self {
        Self {
            word: AtomicU64::new(0),
            slot: Slot::new(),
            called: AtomicU64::new(0),
            queue: Mutex::new(None),
        }
    }

    /// Waits for a call.
    ///
    /// [`notify_waiters`](Self::notify_waiters) reaches the future from the moment it is made,
    /// [`notify_one`](Self::notify_one) from the moment it is polled or [enabled](Notified::enable).
    ///
    /// # Cancel safety
    ///
    /// A dropped future loses its place in the queue; a call it had received goes to the next.
    #[inline]
    pub fn notified(&self) -> Notified<'_> {
        Notified::new(self)
    }

    /// As [`notified`](Self::notified), with a future that owns the `Notify`.
    ///
    /// # Cancel safety
    ///
    /// As [`notified`](Self::notified).
    pub fn notified_owned(self: Arc<Self>) -> OwnedNotified {
        OwnedNotified::new(self)
    }

    /// Calls the task that has waited longest, or stores the call if nobody waits.
    pub fn notify_one(&self) {
        self.notify(End::First);
    }

    /// Calls the task that has waited shortest, or stores the call if nobody waits.
    pub fn notify_last(&self) {
        self.notify(End::Last);
    }

    fn notify(&self, end: End) {
        let mut current = self.word.load(Acquire);
        loop {
            let called = match current & (ALONE | WAITING) {
                // ORDERING: AcqRel [call]: Release publishes what the caller did. It also stands when the call is stored
                // already, because the task that takes it must see this caller's work too.
                0 => self.word.compare_exchange_weak(current, current | NOTIFIED, AcqRel, Acquire).map(drop),
                waiting if waiting & ALONE != 0 && end == End::First => self.call_alone(current),
                _ => self.call_locked(end),
            };
            match called {
                Ok(()) => return,
                Err(actual) => current = actual,
            }
        }
    }

    /// Calls one of those who wait for which the lock is needed; fails with the word if there is none.
    #[inline(never)]
    fn call_locked(&self, end: End) -> Result<(), u64> {
        let mut queue = self.queue.lock();
        let current = self.word.load(Acquire);
        let waker = match (end, queue.as_deref_mut().filter(|_| current & WAITING != 0)) {
            (End::Last, None) if current & ALONE != 0 => self.hold_alone(current, current | HELD_LAST)?,
            (_, None) => return Err(current),
            (End::First, Some(_)) if current & ALONE != 0 => return Err(current),
            (End::First, Some(queue)) => queue.places.take_front().and_then(|(place, waker)| {
                // ORDERING: Release [ticket]: what the caller did before. Pairs with `has_called`.
                self.called.store(place.ticket, Release);
                waker
            }),
            (End::Last, Some(queue)) => queue.places.pop_back().and_then(|(place, waker)| {
                place.call = Call::Last;
                queue.kept += 1;
                // ORDERING: AcqRel [call]: what the caller did before.
                self.word.fetch_or(KEPT, AcqRel);
                waker
            }),
        };
        if current & WAITING != 0 && queue.as_ref().is_some_and(|queue| queue.places.is_empty()) {
            self.leave_waiting();
        }
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }

    /// Turns `WAITING` off; the caller holds the lock and has emptied the queue.
    fn leave_waiting(&self) {
        // ORDERING: AcqRel [call].
        self.word.fetch_and(!WAITING, AcqRel);
    }

    /// Whether a ticket was called from the front of the queue.
    #[inline]
    fn has_called(&self, ticket: u64) -> bool {
        // ORDERING: Acquire [ticket].
        self.called.load(Acquire) >= ticket
    }

    /// Calls every task that waits now; stores nothing.
    pub fn notify_waiters(&self) {
        let mut wakers = Wakers::default();
        self.collect_waiters(&mut wakers);
        wakers.wake();
    }

    /// As [`notify_waiters`](Self::notify_waiters), but for the wakes, which are left to the caller.
    pub(super) fn collect_waiters(&self, wakers: &mut Wakers) {
        let mut word = self.word.load(Acquire);
        while word & (ALONE | WAITING) == 0 {
            // ORDERING: AcqRel [call]: Release publishes what the caller did. Whoever is about to wait changes the word from
            // what it was before, and so learns of the call.
            match self.word.compare_exchange_weak(word, word.wrapping_add(CALL), AcqRel, Acquire) {
                Ok(_) => return,
                Err(current) => word = current,
            }
        }
        self.collect_locked(wakers);
    }

    #[inline(never)]
    fn collect_locked(&self, wakers: &mut Wakers) {
        let mut queue = self.queue.lock();
        let keeps = self.called.load(Relaxed) != 0;
        let mut word = self.word.load(Acquire);
        let had_queue = loop {
            // With the call comes what is to be collected: who sees the one sees, without the lock, the other.
            let mut next = word.wrapping_add(CALL) & !WAITING;
            if word & WAITING != 0 && keeps {
                next |= KEPT;
            }
            let called = if word & ALONE != 0 {
                self.hold_alone(word, next | HELD_ALL).map(|waker| wakers.push(waker))
            } else {
                // ORDERING: AcqRel [call]: Release publishes what the caller did.
                self.word.compare_exchange_weak(word, next, AcqRel, Acquire).map(drop)
            };
            match called {
                Ok(()) => break word & WAITING != 0,
                Err(current) => word = current,
            }
        };
        let Some(queue) = queue.as_deref_mut().filter(|_| had_queue) else { return };
        if keeps {
            while let Some((place, waker)) = queue.places.pop_front() {
                place.call = Call::All;
                wakers.push(waker);
                queue.kept += 1;
            }
        } else {
            while let Some((_, waker)) = queue.places.take_front() {
                wakers.push(waker);
            }
            queue.note_all_gone();
        }
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word.load(Relaxed);
        f.debug_struct("Notify")
            .field("is_called", &(word & NOTIFIED != 0))
            .field("is_waited_for", &(word & (ALONE | WAITING) != 0))
            .finish_non_exhaustive()
    }
}
