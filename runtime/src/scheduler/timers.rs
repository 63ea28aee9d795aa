//! The timers of a worker.
//!
//! The worker uses its wheel without a lock. While it is held up in one poll, a helper that the monitor has called looks
//! whether something is due there, and wakes it.

use std::task::Waker;

use super::biased::Biased;
use super::{Core, Remote, SharedRef};
use crate::isolated::wake_isolated;
use crate::time::{Key, Nanos, Wheel};

/// Wakers taken from a wheel before it is let go to wake them.
const FIRE_BATCH: usize = 32;

/// Wakers that are due.
struct Due {
    wakers: [Option<Waker>; FIRE_BATCH],
    count: usize,
}

impl Due {
    fn new() -> Self {
        Self { wakers: [const { None }; FIRE_BATCH], count: 0 }
    }

    fn collect(&mut self, wheel: &mut Wheel, now: u64) {
        wheel.advance(now, |waker| {
            self.wakers[self.count] = Some(waker);
            self.count += 1;
            self.count < FIRE_BATCH
        });
    }

    /// Wakes what was collected, with the wheel let go. True if there may be more.
    fn wake(mut self) -> bool {
        self.wakers[..self.count].iter_mut().filter_map(Option::take).for_each(wake_isolated);
        self.count == FIRE_BATCH
    }
}

impl Core {
    /// Uses the wheel; `f` runs no code of the user.
    #[inline]
    pub(super) fn with_wheel<R>(&self, f: impl FnOnce(&mut Wheel) -> R) -> R {
        // SAFETY: whoever has the core is the owner, and `f` is ours: nothing in this crate goes in twice.
        unsafe { self.wheel().with_owner(f) }
    }

    #[inline]
    fn wheel(&self) -> &Biased<Wheel> {
        &self.remote().wheel
    }

    /// Enters a timer, unless its time is past by what the wheel knows.
    #[inline]
    pub(super) fn insert_timer(&self, deadline: Nanos, waker: Waker) -> Option<(SharedRef, u16, Key)> {
        let inserted = self.with_wheel(|wheel| {
            if wheel.is_past(deadline) { Err(waker) } else { Ok(wheel.insert(deadline, waker)) }
        });
        let key = inserted.ok()?;
        Some((self.new_reference(), self.home_index, key))
    }

    /// Wakes whoever waits for a time that has come.
    pub(super) fn fire_timers(&self) {
        if self.with_wheel(|wheel| wheel.is_empty()) {
            return;
        }
        let shared = self.shared();
        let now = shared.config.ticks.floor(shared.clock.now());
        self.fire_until(now);
    }

    /// Ends all timers.
    pub(super) fn drop_timers(&self) {
        self.fire_until(u64::MAX);
    }

    fn fire_until(&self, now: u64) {
        while self.with_wheel(|wheel| wheel.is_due(now)) {
            let mut due = Due::new();
            self.with_wheel(|wheel| due.collect(wheel, now));
            if !due.wake() {
                return;
            }
        }
        self.with_wheel(|wheel| wheel.skip_to(now));
    }
}

impl Remote {
    /// Wakes whoever waits for a time that has come, for a worker that is held up and cannot.
    pub(super) fn rescue_timers(&self, now: u64) {
        loop {
            let mut due = Due::new();
            let is_lent = self.wheel.try_borrow(|wheel| due.collect(wheel, now)).is_some();
            if !due.wake() || !is_lent {
                return;
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Wake, Waker};
    use std::time::Duration;

    use crate::runtime::Builder;
    use crate::time::sleep;

    /// Calls the function when it is dropped.
    struct OnDrop(fn());

    impl Wake for OnDrop {
        fn wake(self: Arc<Self>) {}
    }

    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0();
        }
    }

    #[test]
    fn a_waker_that_panics_when_its_timer_is_cancelled_elsewhere_ends_no_worker() {
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut armed = Box::pin(sleep(Duration::from_secs(600)));
            let waker = Waker::from(Arc::new(OnDrop(|| std::panic::resume_unwind(Box::new(())))));
            assert!(armed.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            drop(waker);
            std::thread::spawn(move || drop(armed)).join().unwrap();
            sleep(Duration::from_millis(1)).await;
        });
    }

    #[cfg(feature = "rt-multi-thread")]
    #[test]
    fn a_waker_may_lend_the_core_when_its_timer_is_cancelled() {
        fn hand_over() {
            let (started, is_started) = std::sync::mpsc::channel();
            crate::task::block_in_place(|| {
                drop(crate::spawn(async move { started.send(()).unwrap() }));
                is_started.recv().unwrap();
            });
        }
        let runtime = Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let task = runtime.spawn(async {
            let mut armed = pin!(sleep(Duration::from_secs(600)));
            let waker = Waker::from(Arc::new(OnDrop(hand_over)));
            assert!(armed.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            drop(waker);
            armed.set(sleep(Duration::ZERO));
        });
        runtime.block_on(task).unwrap();
    }
}
