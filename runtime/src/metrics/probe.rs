//! The wait of one task in a queue, from its wake to its poll.
//!
//! A task whose wait is to be measured carries a mark in its stamp, and the time stands here, under its id, at the worker
//! that woke it: wherever the task is polled, whoever finds the mark looks here. One task at a time per probe.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::task::Id;

/// Nobody is measured.
const FREE: u64 = 0;
/// Somebody is about to be.
const CLAIMED: u64 = u64::MAX;

#[derive(Debug, Default)]
pub(crate) struct Probe {
    /// The id of the task that is measured.
    task: AtomicU64,
    woken_at: AtomicU64,
}

impl Probe {
    pub(super) const fn new() -> Self {
        Self { task: AtomicU64::new(FREE), woken_at: AtomicU64::new(0) }
    }

    pub(crate) fn is_free(&self) -> bool {
        self.task.load(Relaxed) == FREE
    }

    /// Notes that `task` was woken at `now`, in nanoseconds. False if another task is measured.
    pub(crate) fn start(&self, task: Id, now: u64) -> bool {
        // ORDERING: Acquire [probe]: the last measurement is over.
        if self.task.compare_exchange(FREE, CLAIMED, Acquire, Relaxed).is_err() {
            return false;
        }
        self.woken_at.store(now, Relaxed);
        // ORDERING: Release [probe]: publishes the time.
        self.task.store(task.get(), Release);
        true
    }

    /// The time when `task` was woken, if it is the one that is measured; ends the measurement.
    pub(crate) fn finish(&self, task: Id) -> Option<u64> {
        // ORDERING: Acquire [probe]: the time belongs to the task.
        if self.task.load(Acquire) != task.get() {
            return None;
        }
        let woken_at = self.woken_at.load(Relaxed);
        // ORDERING: Release [probe]: we have read the time.
        self.task.store(FREE, Release);
        Some(woken_at)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn one_task_at_a_time_is_measured_and_only_its_own_poll_ends_it() {
        let probe = Probe::new();
        let (first, second) = (Id::next(), Id::next());
        assert!(probe.start(first, 7));
        assert!(!probe.start(second, 8));
        assert_eq!(probe.finish(second), None);
        assert_eq!(probe.finish(first), Some(7));
        assert!(probe.is_free());
        assert_eq!(probe.finish(first), None);
    }
}
