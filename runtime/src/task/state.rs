//! The state word of a task.
//!
//! One `usize` holds six flags and a reference count, so that every transition is one read-modify-write.
//!
//! ```text
//!             spawn                  start                 finish_pending
//!   (nothing) ─────► NOTIFIED ────────────────► RUNNING ──────────────────► idle
//!                       ▲                        │   │ woken while running      │
//!                       │          requeue       │   └──────► RUNNING|NOTIFIED  │
//!                       └────────────────────────┼───────────────┘              │
//!                       └────────────────────────┼─────────── wake ─────────────┘
//!                                                └─ complete ─► COMPLETE
//! ```
//!
//! Invariants
//! 1. Whoever turns `NOTIFIED` on while `RUNNING` and `COMPLETE` are off owes the task one trip through a run queue.
//!    A queue entry is that debt; it carries no reference.
//! 2. Whoever turns `RUNNING` on owns the future until it turns it off.
//! 3. One reference, the life reference, is held from birth to completion, so an unfinished task is never freed.
//!    The others belong to wakers, abort handles and the `JoinHandle`.
//! 4. The join waker slot belongs to the `JoinHandle` while `JOIN_WAKER` is off, to the runner that sets `COMPLETE`
//!    while it is on. After `COMPLETE` the handle never touches the slot.
//! 5. The output belongs to the `JoinHandle` if `JOIN_INTEREST` was on when `COMPLETE` was set, else to the runner.

use crate::shim::atomic::AtomicUsize;
use crate::shim::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

const RUNNING: usize = 1;
const COMPLETE: usize = 1 << 1;
const NOTIFIED: usize = 1 << 2;
const JOIN_INTEREST: usize = 1 << 3;
const JOIN_WAKER: usize = 1 << 4;
const CANCELLED: usize = 1 << 5;
const REFERENCE: usize = 1 << 6;

/// Born queued, with a life reference and a `JoinHandle`.
const INITIAL: usize = NOTIFIED | JOIN_INTEREST | (2 * REFERENCE);

/// The state word; see the module for its invariants.
#[derive(Debug)]
pub(crate) struct State(AtomicUsize);

/// What the state was at one instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Snapshot(usize);

impl Snapshot {
    pub(crate) fn is_complete(self) -> bool {
        self.0 & COMPLETE != 0
    }

    pub(crate) fn has_join_interest(self) -> bool {
        self.0 & JOIN_INTEREST != 0
    }

    pub(crate) fn has_join_waker(self) -> bool {
        self.0 & JOIN_WAKER != 0
    }

    pub(crate) fn is_running(self) -> bool {
        self.0 & RUNNING != 0
    }

    pub(crate) fn is_idle(self) -> bool {
        self.0 & (RUNNING | NOTIFIED | COMPLETE) == 0
    }

    fn references(self) -> usize {
        self.0 / REFERENCE
    }

    /// Nobody but the caller can reach the task.
    pub(crate) fn is_last_reference(self) -> bool {
        self.references() == 1
    }
}

/// What to do with a task taken from a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    Poll,
    Cancel,
}

/// What to do after a wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// The caller owes the task a trip through a run queue.
    Schedule,
    /// Somebody else will see to it, or nothing is left to run.
    Nothing,
    /// The caller gave up the last reference and must free the task.
    Free,
}

impl State {
    pub(crate) fn new() -> Self {
        Self(AtomicUsize::new(INITIAL))
    }

    pub(crate) fn load(&self) -> Snapshot {
        // ORDERING: Acquire, so that a reader that sees COMPLETE sees the output. Pairs with [complete].
        Snapshot(self.0.load(Acquire))
    }

    /// Takes the task out of its queue entry and claims the future.
    pub(crate) fn start(&self) -> Start {
        // ORDERING: AcqRel [start]. Acquire sees what wakers wrote before [wake] and what the last poll left at
        // [idle]; Release lets a wake that comes after read that we run.
        // The flags are known, so a sum turns the one off and the other on: one instruction, where others are loops.
        let previous = self.0.fetch_sub(NOTIFIED - RUNNING, AcqRel);
        debug_assert!(previous & NOTIFIED != 0 && previous & (RUNNING | COMPLETE) == 0);
        if previous & CANCELLED != 0 { Start::Cancel } else { Start::Poll }
    }

    /// Ends a poll that was pending. True if the task was woken meanwhile and must be queued again by the caller.
    pub(crate) fn finish_pending(&self) -> bool {
        // ORDERING: AcqRel [idle]. Release hands the future to the next [start].
        let previous = self.0.fetch_sub(RUNNING, AcqRel);
        debug_assert!(previous & RUNNING != 0 && previous & COMPLETE == 0);
        previous & NOTIFIED != 0
    }

    /// Publishes the output. The snapshot says who owns it and the join waker (invariants 4 and 5).
    pub(crate) fn complete(&self) -> Snapshot {
        // ORDERING: AcqRel [complete]. Release publishes the output; Acquire sees the join waker of [join_waker].
        let previous = self.0.fetch_add(COMPLETE - RUNNING, AcqRel);
        debug_assert!(previous & RUNNING != 0 && previous & COMPLETE == 0);
        Snapshot(previous)
    }

    pub(crate) fn wake_by_ref(&self) -> Wake {
        // ORDERING: AcqRel [wake], and always a write: a waker that found NOTIFIED on and merely read it could have
        // its own stores delayed past the poll it relies on. Pairs with [start].
        let previous = Snapshot(self.0.fetch_or(NOTIFIED, AcqRel));
        if previous.is_idle() { Wake::Schedule } else { Wake::Nothing }
    }

    /// Wakes and gives up one reference in the same step.
    pub(crate) fn wake_by_value(&self) -> Wake {
        let mut current = self.0.load(Relaxed);
        loop {
            let next = (current | NOTIFIED) - REFERENCE;
            // ORDERING: AcqRel [wake].
            match self.0.compare_exchange_weak(current, next, AcqRel, Relaxed) {
                Ok(_) if Snapshot(current).is_idle() => return Wake::Schedule,
                Ok(_) if next < REFERENCE => return Wake::Free,
                Ok(_) => return Wake::Nothing,
                Err(actual) => current = actual,
            }
        }
    }

    /// Asks for cancellation. True if the caller owes the task a trip through a run queue.
    pub(crate) fn cancel(&self) -> bool {
        // ORDERING: AcqRel [wake].
        let previous = Snapshot(self.0.fetch_or(CANCELLED | NOTIFIED, AcqRel));
        previous.is_idle()
    }

    /// Claims the future of an idle task so that shutdown may drop it. False if it is queued, running or complete.
    pub(crate) fn claim_idle(&self) -> bool {
        let mut current = self.0.load(Relaxed);
        while Snapshot(current).is_idle() {
            // ORDERING: AcqRel [start].
            match self.0.compare_exchange_weak(current, current | RUNNING | CANCELLED, AcqRel, Relaxed) {
                Ok(_) => return true,
                Err(actual) => current = actual,
            }
        }
        false
    }

    /// Hands the join waker slot to the runner. False if the task completed first: the slot is still the handle's.
    pub(crate) fn publish_join_waker(&self) -> bool {
        let mut current = self.0.load(Relaxed);
        loop {
            debug_assert!(current & JOIN_INTEREST != 0 && current & JOIN_WAKER == 0);
            if current & COMPLETE != 0 {
                // ORDERING: Acquire, to see the output. Pairs with [complete].
                crate::shim::fence(Acquire);
                return false;
            }
            // ORDERING: AcqRel [join_waker]. Release publishes the waker just stored.
            match self.0.compare_exchange_weak(current, current | JOIN_WAKER, AcqRel, Relaxed) {
                Ok(_) => return true,
                Err(actual) => current = actual,
            }
        }
    }

    /// Takes the join waker slot back. False if the task completed first: the slot is the runner's.
    pub(crate) fn retract_join_waker(&self) -> bool {
        let mut current = self.0.load(Relaxed);
        loop {
            debug_assert!(current & JOIN_INTEREST != 0 && current & JOIN_WAKER != 0);
            if current & COMPLETE != 0 {
                // ORDERING: Acquire, to see the output. Pairs with [complete].
                crate::shim::fence(Acquire);
                return false;
            }
            match self.0.compare_exchange_weak(current, current & !JOIN_WAKER, AcqRel, Relaxed) {
                Ok(_) => return true,
                Err(actual) => current = actual,
            }
        }
    }

    /// Gives up the `JoinHandle` of a task nobody touched since it was spawned. False if it was touched.
    pub(crate) fn drop_join_handle_fast(&self) -> bool {
        // Looked at first: an exchange that fails costs as much as one that does not.
        // ORDERING: Release, as for any dropped reference; pairs with the Acquire of [release].
        self.0.load(Relaxed) == INITIAL
            && self
                .0
                .compare_exchange(INITIAL, (INITIAL & !JOIN_INTEREST) - REFERENCE, Release, Relaxed)
                .is_ok()
    }

    /// Ends the interest of the `JoinHandle`, keeping its reference. The snapshot is the state before: if complete,
    /// the output is the caller's to drop; else the join waker slot is.
    pub(crate) fn drop_join_interest(&self) -> Snapshot {
        let mut current = self.0.load(Relaxed);
        loop {
            let kept = if current & COMPLETE != 0 { current } else { current & !JOIN_WAKER };
            match self.0.compare_exchange_weak(current, kept & !JOIN_INTEREST, AcqRel, Relaxed) {
                Ok(_) => return Snapshot(current),
                Err(actual) => current = actual,
            }
        }
    }

    pub(crate) fn add_reference(&self) {
        // ORDERING: Relaxed: a new reference is made from an existing one.
        let previous = self.0.fetch_add(REFERENCE, Relaxed);
        if previous > isize::MAX as usize {
            std::process::abort();
        }
    }

    /// Gives up one reference. True if it was the last: the caller must free the task.
    #[must_use]
    pub(crate) fn drop_reference(&self) -> bool {
        // ORDERING: AcqRel [release]: the last owner sees everything the others did.
        let previous = Snapshot(self.0.fetch_sub(REFERENCE, AcqRel));
        debug_assert!(previous.references() >= 1);
        previous.is_last_reference()
    }
}
