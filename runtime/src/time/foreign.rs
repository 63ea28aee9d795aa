//! A timer for a thread that is no worker.
//!
//! Such a thread cannot reach into a wheel. It asks a worker to keep the timer, and is told through this record.

use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::task::{Wake, Waker};

use super::Nanos;
use crate::scheduler;
use crate::sync::atomic_waker::AtomicWaker;

const WAITING: u8 = 0;
const OVER: u8 = 1;

#[derive(Debug)]
pub(crate) struct ForeignTimer {
    state: AtomicU8,
    waker: AtomicWaker,
}

impl ForeignTimer {
    pub(super) fn start(deadline: Nanos, waker: &Waker) -> Arc<Self> {
        let timer = Arc::new(Self { state: AtomicU8::new(WAITING), waker: AtomicWaker::new() });
        timer.waker.register(waker);
        scheduler::request_timer(deadline, timer.clone());
        timer
    }

    /// Changes who is told. False if the timer has fired.
    pub(super) fn wait(&self, waker: &Waker) -> bool {
        self.waker.register(waker);
        // ORDERING: Acquire [fired].
        self.state.load(Acquire) == WAITING
    }

    /// The timer is of no interest any more; its wheel entry goes when it is due.
    pub(super) fn cancel(&self) {
        self.state.swap(OVER, AcqRel);
        drop(self.waker.take());
    }

    /// Whether a worker need still keep it.
    pub(crate) fn is_wanted(&self) -> bool {
        self.state.load(Acquire) == WAITING
    }
}

impl Wake for ForeignTimer {
    fn wake(self: Arc<Self>) {
        // ORDERING: AcqRel [fired], before the waker is taken.
        self.state.swap(OVER, AcqRel);
        self.waker.wake();
    }
}
