//! The handshake between a thread in `block_on` and those who wake its future.
//!
//! The thread waits now as a worker, in the driver of its core, and now without a core. Whoever wakes the future has to know
//! where. Both sides change the word that says whether the future was woken, so one of them comes second and sees what the
//! other wrote before.

use crate::shim::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use crate::shim::atomic::{AtomicBool, AtomicU32};

/// The thread waits without a core.
const NO_WORKER: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct RootSignal {
    is_woken: AtomicBool,
    /// The worker that the thread runs; it alone writes this.
    worker: AtomicU32,
}

/// Who has to be told of a wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tell {
    /// Nobody: an earlier wake has told.
    Nobody,
    /// The thread itself, which has no core.
    Thread,
    /// The thread, or the driver of this worker.
    Worker(u32),
}

impl RootSignal {
    /// One that is woken, so that the future is polled first.
    pub(super) fn new() -> Self {
        Self { is_woken: AtomicBool::new(true), worker: AtomicU32::new(NO_WORKER) }
    }

    /// Notes a wake.
    pub(super) fn wake(&self) -> Tell {
        // ORDERING: AcqRel [root]: Release publishes what the future is woken for; Acquire sees the worker of a thread that
        // has asked whether it may sleep.
        if self.is_woken.swap(true, AcqRel) {
            return Tell::Nobody;
        }
        match self.worker.load(Relaxed) {
            NO_WORKER => Tell::Thread,
            worker => Tell::Worker(worker),
        }
    }

    /// Whether the future was woken since it was last polled.
    #[inline]
    pub(super) fn is_woken(&self) -> bool {
        // ORDERING: Acquire [root].
        self.is_woken.load(Acquire)
    }

    /// Notes that the future is about to be polled. False if there is no need.
    pub(super) fn take(&self) -> bool {
        // ORDERING: AcqRel [root].
        self.is_woken.swap(false, AcqRel)
    }

    /// The thread runs this worker from now on.
    pub(super) fn run_by(&self, worker: u32) {
        self.worker.store(worker, Relaxed);
    }

    /// The thread runs no worker any more.
    pub(super) fn rest(&self) {
        self.run_by(NO_WORKER);
    }

    /// Whether the thread may sleep, where it said last that it is; asked after it has announced that it does.
    pub(super) fn may_sleep(&self) -> bool {
        // ORDERING: AcqRel [root], and a write: either this comes after the wake, and sees it, or the wake comes after this
        // and sees the worker that the thread runs.
        !self.is_woken.fetch_or(false, AcqRel)
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::*;
    use crate::shim::{Arc, thread};

    #[test]
    fn loom_a_thread_that_changes_its_worker_and_sleeps_is_told_there() {
        loom::model(|| {
            let signal = Arc::new(RootSignal::new());
            signal.take();
            signal.run_by(1);
            let waker = {
                let signal = signal.clone();
                thread::spawn(move || signal.wake())
            };
            // It lends its core, and waits without one.
            signal.rest();
            let sleeps_without = signal.may_sleep();
            // It gets another.
            signal.run_by(2);
            let sleeps_as_worker = signal.may_sleep();
            match waker.join().unwrap() {
                Tell::Nobody => panic!("it was not woken before"),
                Tell::Thread => assert!(!sleeps_as_worker, "asleep as a worker, and the thread was told"),
                Tell::Worker(2) => {}
                Tell::Worker(_) => {
                    assert!(!sleeps_without && !sleeps_as_worker, "asleep, and an old worker was told");
                }
            }
        });
    }
}
