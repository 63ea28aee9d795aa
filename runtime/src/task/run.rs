//! One turn of a task: from the queue to pending, complete or cancelled.

use super::header::{Header, TaskRef};
use super::state::Start;
use super::{coop, current};
use crate::isolated::wake_isolated;

/// What became of a task in its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It waits; a waker will bring it back.
    Pending,
    /// It was woken while it ran: the caller puts it at the tail of its queue.
    Requeue,
    /// It is over. The caller takes it out of its registry and then calls [`TaskRef::retire`].
    Complete,
}

impl TaskRef {
    /// Runs a task that the caller took from a queue.
    #[inline]
    pub(crate) fn run(self) -> Turn {
        let is_over = self.poll_between(|_| (), |_| ());
        self.end_turn(is_over)
    }

    /// The first half of [`run`](Self::run), with something to be done before the poll and after it: polls a task that the
    /// caller took from a queue. True if it is over; if not, the caller ends the turn.
    #[inline(always)]
    pub(crate) fn poll_between(self, before: impl FnOnce(&Header), after: impl FnOnce(&Header)) -> bool {
        let header = self.header();
        match header.state.start() {
            Start::Poll => {
                before(header);
                header.record.start_poll();
                let outer = current::enter(self);
                // SAFETY: `start` gave us the claim.
                let is_ready = coop::with_budget(|| unsafe { (header.vtable.poll)(self) });
                current::leave(outer);
                after(header);
                is_ready
            }
            Start::Cancel => {
                self.drop_future();
                true
            }
        }
    }

    /// The second half of [`run`](Self::run).
    #[inline(always)]
    pub(crate) fn end_turn(self, is_over: bool) -> Turn {
        if is_over {
            Turn::Complete
        } else if self.header().state.finish_pending() {
            Turn::Requeue
        } else {
            Turn::Pending
        }
    }

    /// Drops the future of an idle task; false if the task is queued, running or complete.
    ///
    /// When true, the caller goes on as after [`Turn::Complete`].
    pub(crate) fn cancel_idle(self) -> bool {
        if !self.header().state.claim_idle() {
            return false;
        }
        self.drop_future();
        true
    }

    /// Drops the future of a task that the caller took from a queue, without polling it.
    pub(crate) fn cancel_queued(self) {
        self.header().state.start();
        self.drop_future();
    }

    fn drop_future(self) {
        let outer = current::enter(self);
        // SAFETY: the caller holds the claim.
        unsafe { (self.header().vtable.cancel)(self) };
        current::leave(outer);
    }

    /// Publishes the output, wakes whoever joins, and gives up the life reference.
    ///
    /// # Safety
    ///
    /// The task ran to completion or was cancelled in the caller's hands, and is in no registry any more.
    #[inline]
    pub(crate) unsafe fn retire(self) {
        let before = self.publish();
        if before.is_last_reference() {
            // SAFETY: the life reference is the only one left, and it is ours.
            unsafe { self.free() };
        } else {
            // SAFETY: the life reference is ours.
            unsafe { self.drop_reference() };
        }
    }

    /// The first half of [`retire`](Self::retire): publishes the output and keeps the life reference.
    #[inline]
    pub(crate) fn publish(self) -> super::state::Snapshot {
        let header = self.header();
        let before = header.state.complete();
        if before.has_join_interest() {
            if before.has_join_waker() {
                // SAFETY: the slot is ours (invariant 4 of the state).
                let waker = header.join_waker.with_mut(|slot| unsafe { (*slot).take() });
                if let Some(waker) = waker.into_waker() {
                    // Somebody else's code. The task is over, and must leave its registry even if that panics.
                    wake_isolated(waker);
                }
            }
        } else {
            // SAFETY: the output is ours (invariant 5).
            unsafe { (header.vtable.drop_output)(self) };
        }
        before
    }
}
