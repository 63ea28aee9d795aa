//! Where a task waits for its turn: the ring that others may take from, the backlog behind it, and the place of the one woken last.

use super::super::queue::Owner;
use super::{Core, HELP_DELAY_NANOS};
use crate::shim::atomic::Ordering::Relaxed;
use crate::task::TaskRef;

/// Tasks that may overtake the ring one after the other.
const NEXT_STREAK_MAX: u8 = 3;

impl Core {
    /// Puts a task that was woken here into the queue.
    #[inline(always)]
    pub(crate) fn schedule_woken(&self, task: TaskRef) {
        self.counters().wakes.increment();
        self.stamp(task);
        match self.ring() {
            Some(ring) if self.has_next => {
                if let Some(displaced) = ring.push_next(task) {
                    self.push_ring(ring, displaced);
                }
                self.consider_help();
            }
            _ => self.push_considerately(task),
        }
    }

    /// Enters a new task, and puts it at the tail of the queue.
    #[inline(always)]
    pub(in crate::scheduler) fn queue_new(&self, task: TaskRef) {
        self.register(task);
        self.counters().spawns.increment();
        self.schedule_last(task);
    }

    #[inline]
    pub(super) fn schedule_last(&self, task: TaskRef) {
        self.stamp(task);
        self.push_considerately(task);
    }

    #[inline(always)]
    fn push_considerately(&self, task: TaskRef) {
        match self.ring() {
            None => self.push_backlog(task),
            Some(ring) => {
                self.push_ring(ring, task);
                self.consider_help();
            }
        }
    }

    #[inline]
    pub(in crate::scheduler) fn push(&self, task: TaskRef) {
        match self.ring() {
            None => self.push_backlog(task),
            Some(ring) => self.push_ring(ring, task),
        }
    }

    #[inline]
    fn push_ring(&self, ring: &Owner, task: TaskRef) {
        if let Err(task) = ring.push(task) {
            self.push_overflow(ring, task);
        }
    }

    #[inline]
    fn push_backlog(&self, task: TaskRef) {
        // SAFETY: whoever has the core is the owner.
        unsafe { self.remote().backlog.push(task) };
    }

    #[inline]
    fn pop_backlog(&self) -> Option<TaskRef> {
        // SAFETY: whoever has the core is the owner.
        unsafe { self.remote().backlog.pop() }
    }

    #[cold]
    fn push_overflow(&self, ring: &Owner, task: TaskRef) {
        ring.pop_half(|task| self.push_backlog(task));
        if let Err(task) = ring.push(task) {
            debug_assert!(false, "half of the ring is free, and nobody else pushes");
            self.push_backlog(task);
        }
        self.counters().overflows.increment();
    }

    /// Moves what waits outside the ring into it; when it is full, the older half changes places.
    pub(super) fn refill(&self) {
        let Some(ring) = self.ring() else { return };
        if self.remote().backlog.len() == 0 {
            return;
        }
        if ring.is_full() {
            ring.pop_half(|task| self.push_backlog(task));
        }
        // SAFETY: whoever has the core is the owner.
        unsafe { self.remote().backlog.drain_into(|task| ring.push(task)) };
    }

    /// Asks for help if what is queued will wait longer than it takes to wake somebody.
    #[inline]
    pub(super) fn consider_help(&self) {
        if self.shared().idle.has_helpers() {
            self.call_help();
        }
    }

    #[cold]
    fn call_help(&self) {
        let queued = self.ring().map_or(0, Owner::len) as u64;
        let delay = queued * u64::from(self.remote().poll_nanos.load(Relaxed));
        if delay < HELP_DELAY_NANOS {
            // Not worth a wake if the poll that runs now is short. The monitor notices if it is not.
            self.shared().monitor.watch(self.shared());
        } else if !self.shared().idle.has_searchers() {
            self.shared().call_helper();
        }
    }

    #[inline(always)]
    pub(super) fn take(&self) -> Option<TaskRef> {
        let Some(ring) = self.ring() else { return self.pop_backlog() };
        if self.has_next {
            if self.next_streak.get() < NEXT_STREAK_MAX
                && let Some(task) = ring.take_next()
            {
                self.next_streak.set(self.next_streak.get() + 1);
                return Some(task);
            }
            self.next_streak.set(0);
        }
        if let Some(task) = ring.pop().or_else(|| ring.take_next()) {
            return Some(task);
        }
        if self.remote().backlog.len() == 0 {
            return None;
        }
        self.refill();
        ring.pop()
    }

    /// Takes any of the tasks that are left, at the end.
    pub(in crate::scheduler) fn take_left(&self) -> Option<TaskRef> {
        let in_ring = self.ring().and_then(|ring| ring.take_next().or_else(|| ring.pop()));
        in_ring.or_else(|| self.pop_backlog())
    }

    /// Tasks queued.
    pub(in crate::scheduler) fn queue_len(&self) -> usize {
        self.ring().map_or(0, Owner::len) + self.remote().backlog.len()
    }

    /// Tasks queued, at a worker that is the only one.
    pub(in crate::scheduler) fn count_queued(&self) -> u32 {
        u32::try_from(self.remote().backlog.len()).unwrap_or(u32::MAX)
    }

    /// Takes any of the queued tasks of a worker that is the only one; the last one takes its number.
    pub(in crate::scheduler) fn take_nth(&self, number: u32) -> Option<TaskRef> {
        // SAFETY: whoever has the core is the owner.
        unsafe { self.remote().backlog.take_nth(number as usize) }
    }

    pub(in crate::scheduler) fn has_work(&self) -> bool {
        self.queue_len() != 0
    }
}
