//! One who waits and has nobody before it, which is what most do: a slot beside the queue, without the lock.
//!
//! Whoever waits in the slot has a ticket, the number of the call from the front that will reach it. Once called that way it
//! has no further claim to the slot. Other calls, which are rare, leave it the slot until it has seen them, so that it can tell
//! one from the other when it goes away.
//!
//! # Safety
//!
//! 1. The slot is touched by its owner only: whoever turned `SLOT` on, until it turns `ALONE` on, and then whoever turns `ALONE`
//!    off, until it turns `SLOT` off or `ALONE` on again; but not once it has left the slot held.
//! 2. `ALONE` and the two `HELD` are on only while `SLOT` is, and one of the three at most.
//! 3. `called` changes under the same ownership, by one at a time.
//! 4. Whoever waits in the slot turns `ALONE` off only in the word it saw when it had not been called: each call from the front
//!    counts in the word, so the next who waits there is not taken for it.

use std::task::{Context, Poll, Waker};

use super::Notify;
use super::queue::End;
use super::word::{ALONE, CALLS, HELD_ALL, HELD_LAST, NOTIFIED, SLOT, TURN, WAITING};
use crate::shim::UnsafeCell;
use crate::shim::atomic::AtomicU64;
use crate::shim::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::task::WaitSite;

/// The place of one who waits alone.
pub(super) struct Slot {
    /// The ticket that was called from the front last.
    called: AtomicU64,
    waker: UnsafeCell<Option<Waker>>,
}

// SAFETY: one thread at a time touches the waker (1).
unsafe impl Send for Slot {}
// SAFETY: as above.
unsafe impl Sync for Slot {}

impl Slot {
    #[cfg(not(loom))]
    pub(super) const fn new() -> Self {
        Self { called: AtomicU64::new(0), waker: UnsafeCell::new(None) }
    }

    #[cfg(loom)]
    pub(super) fn new() -> Self {
        Self { called: AtomicU64::new(0), waker: UnsafeCell::new(None) }
    }

    /// Whether a ticket was called from the front.
    #[inline]
    fn has_called(&self, ticket: u64) -> bool {
        // ORDERING: Acquire [alone]: what the caller did before.
        self.called.load(Acquire) >= ticket
    }
}

/// The right to touch the slot.
struct Claim<'a>(&'a Notify);

impl<'a> Claim<'a> {
    /// # Safety
    ///
    /// The caller has turned `SLOT` on or `ALONE` off, and makes one claim of that.
    #[inline]
    unsafe fn new(notify: &'a Notify) -> Self {
        Self(notify)
    }

    /// Exchanges the waker.
    #[inline]
    fn replace(&self, waker: Option<Waker>) -> Option<Waker> {
        // SAFETY: ours (1).
        self.0.slot.waker.with_mut(|slot| unsafe { std::mem::replace(&mut *slot, waker) })
    }

    fn wakes(&self, waker: &Waker) -> bool {
        // SAFETY: ours (1).
        self.0.slot.waker.with(|slot| unsafe { (*slot).as_ref().is_some_and(|own| own.will_wake(waker)) })
    }

    /// The ticket of whoever waits in the slot, or will.
    #[inline]
    fn ticket(&self) -> u64 {
        self.0.slot.called.load(Relaxed) + 1
    }

    /// Calls whoever waits in the slot, from the front, and answers its waker.
    #[inline]
    fn call(self) -> Option<Waker> {
        let waker = self.replace(None);
        // ORDERING: Release [alone].
        self.0.slot.called.store(self.ticket(), Release);
        // ORDERING: Release [slot]. In one step, so that whoever was called knows the word of the next from its own (4).
        self.0.word.fetch_add(TURN.wrapping_sub(SLOT), Release);
        waker
    }

    /// Empties the slot.
    fn vacate(self) -> Option<Waker> {
        let waker = self.replace(None);
        self.release();
        waker
    }

    #[inline]
    fn release(self) {
        // ORDERING: Release [slot]. Nobody else turns the bit off.
        self.0.word.fetch_sub(SLOT, Release);
    }

    /// Waits in the slot, unless something has happened since `calls`, or somebody has come to the queue meanwhile.
    #[inline]
    fn wait(self, calls: u64, mut current: u64) -> Entered {
        let word = &self.0.word;
        loop {
            if current & CALLS != calls {
                return Entered::Called(self.vacate());
            }
            let next = match current & (NOTIFIED | WAITING) {
                NOTIFIED => current & !NOTIFIED,
                WAITING => return Entered::Refused(self.vacate()),
                _ => current | ALONE,
            };
            let ticket = self.ticket();
            // ORDERING: AcqRel [slot] [call]: Release hands the slot over, Acquire sees what a stored call's caller did.
            match word.compare_exchange_weak(current, next, AcqRel, Acquire) {
                Ok(_) if next & ALONE != 0 => return Entered::Waits(ticket),
                Ok(_) => return Entered::Called(self.vacate()),
                Err(actual) => current = actual,
            }
        }
    }

    /// Waits on in the slot, where the word was `before`.
    fn wait_on(self, before: u64) {
        // ORDERING: AcqRel [slot]. Nobody has changed either bit meanwhile: both wait for the lock.
        self.0.word.fetch_xor(ALONE | !before & WAITING, AcqRel);
    }
}

/// What became of one who wanted to wait alone.
pub(super) enum Entered {
    Waits(u64),
    /// There was a call; this is the waker that was to be left.
    Called(
        #[expect(dead_code, reason = "for the caller to drop, once it has let go of the lock")] Option<Waker>,
    ),
    /// Others wait, or are about to; this is the waker that was to be left.
    Refused(Option<Waker>),
}

impl Notify {
    /// Waits in the slot, if nobody has it or waits in the queue, as the word was when it was `current`.
    #[inline]
    pub(super) fn enter_alone(&self, calls: u64, current: u64, waker: Option<Waker>) -> Entered {
        let is_free = current & (SLOT | WAITING) == 0;
        // ORDERING: AcqRel [slot]: Acquire sees the slot as its last owner left it.
        if !is_free || self.word.compare_exchange(current, current | SLOT, AcqRel, Acquire).is_err() {
            return Entered::Refused(waker);
        }
        // SAFETY: we turned `SLOT` on.
        let claim = unsafe { Claim::new(self) };
        // Nobody was there; said to the compiler, which would look what there is to drop.
        std::mem::forget(claim.replace(waker));
        claim.wait(calls, current | SLOT)
    }

    /// Turns `ALONE` off; fails with the word as it is if it was not `current`.
    #[inline]
    fn claim_waiting(&self, current: u64, and: u64) -> Result<Claim<'_>, u64> {
        debug_assert!(current & ALONE != 0);
        // ORDERING: AcqRel [slot] [call]: Acquire sees the slot, Release publishes what a caller did.
        self.word.compare_exchange(current, current & !ALONE | and, AcqRel, Acquire)?;
        // SAFETY: we turned `ALONE` off.
        Ok(unsafe { Claim::new(self) })
    }

    /// Calls whoever waits in the slot; fails if the word is not `current` any more.
    #[inline]
    pub(super) fn call_alone(&self, current: u64) -> Result<(), u64> {
        let waker = self.claim_waiting(current, 0)?.call();
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }

    /// Calls whoever waits in the slot otherwise than from the front, as the word becomes `next`, and answers its waker. The caller
    /// has the lock, and keeps it until it is back.
    pub(super) fn hold_alone(&self, current: u64, next: u64) -> Result<Option<Waker>, u64> {
        debug_assert!(current & ALONE != 0 && next & (HELD_ALL | HELD_LAST) != 0);
        // ORDERING: AcqRel [slot] [call].
        self.word.compare_exchange(current, next & !ALONE, AcqRel, Acquire)?;
        // SAFETY: we turned `ALONE` off.
        let claim = unsafe { Claim::new(self) };
        // The claim ends here, and `SLOT` stays on.
        Ok(claim.replace(None))
    }

    /// Where one who has waited in the slot stands.
    #[inline]
    fn state_alone(&self, ticket: u64) -> State {
        // ORDERING: Acquire [call] [slot]. The word before the ticket: if the ticket is not called by then, the slot was ours
        // when the word was read.
        let current = self.word.load(Acquire);
        if self.slot.has_called(ticket) {
            return State::Called;
        }
        match current & (ALONE | HELD_ALL | HELD_LAST) {
            0 => State::Called,
            ALONE => State::Waits(current),
            _ => State::Held,
        }
    }

    /// Whether one who has waited in the slot was called; if not, it waits on, with the waker of `cx`.
    #[inline]
    pub(super) fn poll_alone(&self, ticket: u64, cx: Option<&mut Context<'_>>) -> Poll<()> {
        match self.state_alone(ticket) {
            State::Called => Poll::Ready(()),
            State::Waits(_) => self.stay_alone(ticket, cx),
            State::Held => {
                self.collect_held();
                Poll::Ready(())
            }
        }
    }

    #[cold]
    fn stay_alone(&self, ticket: u64, cx: Option<&mut Context<'_>>) -> Poll<()> {
        let Some(cx) = cx else { return WaitSite::Notify.pending() };
        let mut fresh = None;
        loop {
            let queue = self.queue.lock();
            let (claim, before) = loop {
                match self.state_alone(ticket) {
                    State::Called => return Poll::Ready(()),
                    State::Held => {
                        drop(queue);
                        self.collect_held();
                        return Poll::Ready(());
                    }
                    State::Waits(current) => {
                        // As if somebody were in the queue: whoever calls or comes meanwhile waits for the lock, so that the
                        // call is not left for somebody who came later.
                        if let Ok(claim) = self.claim_waiting(current, WAITING) {
                            break (claim, current);
                        }
                    }
                }
            };
            let is_done = fresh.is_some() || claim.wakes(cx.waker());
            let replaced = fresh.take().map(|waker| claim.replace(Some(waker)));
            claim.wait_on(before);
            // Wakers are cloned and dropped without it.
            drop(queue);
            drop(replaced);
            if is_done {
                return WaitSite::Notify.pending();
            }
            fresh = Some(cx.waker().clone());
        }
    }

    /// One who has waited in the slot goes away; a call it had received goes to another.
    pub(super) fn leave_alone(&self, ticket: u64) {
        let unused = loop {
            match self.state_alone(ticket) {
                State::Called => break Some(End::First),
                State::Held => break self.collect_held(),
                State::Waits(current) => {
                    if let Ok(claim) = self.claim_waiting(current, 0) {
                        drop(claim.vacate());
                        break None;
                    }
                }
            }
        };
        if let Some(end) = unused {
            self.notify(end);
        }
    }

    /// Gives up the slot that was held for one who was called otherwise than from the front; answers from which end it was, if it
    /// was not with everybody.
    #[cold]
    fn collect_held(&self) -> Option<End> {
        // With the lock, whoever has called is done with the slot.
        let _queue = self.queue.lock();
        // ORDERING: AcqRel [slot] [call].
        let word = self.word.fetch_and(!(SLOT | HELD_ALL | HELD_LAST), AcqRel);
        (word & HELD_LAST != 0).then_some(End::Last)
    }
}

/// Where one who has waited in the slot stands.
enum State {
    Waits(u64),
    /// It was called from the front, and the slot is not its own any more.
    Called,
    /// It was called otherwise, and the slot is held for it.
    Held,
}
