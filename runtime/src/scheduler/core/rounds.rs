//! What a worker sees to between turns: the clock, the driver, and what other threads have left.

use std::time::{Duration, Instant};

use super::super::remote::{Remote, TimerOrder};
use super::Core;
use crate::isolated::{isolated, wake_isolated};
use crate::shim::atomic::Ordering::Relaxed;

/// A busy worker serves its driver about this often.
const DRIVE_INTERVAL: Duration = Duration::from_micros(64);

impl Core {
    /// Looks at the clock, and at everything that may starve while the queue does not run dry.
    pub(super) fn tick(&self) {
        let now = Instant::now();
        let polls = self.polls_since_tick.replace(0);
        let spent = now.duration_since(self.last_tick.replace(now)).as_nanos() as u64 / u64::from(polls);
        let remote = self.remote();
        let mean = u64::from(remote.poll_nanos.load(Relaxed));
        let mean = (mean * 3 + spent) / 4;
        remote.poll_nanos.store(u32::try_from(mean).unwrap_or(u32::MAX), Relaxed);
        self.note_busy(now);
        self.set_stamp(now);
        self.refill();
        self.collect();
        if now.duration_since(self.last_drive.get()) >= DRIVE_INTERVAL {
            self.drive(Some(Duration::ZERO));
        }
        if self.ring().is_some() {
            self.end_call();
            self.consider_help();
        }
    }

    /// Answers a call for help, if there was one: this worker is awake, and looks for work when it has none.
    pub(in crate::scheduler) fn end_call(&self) {
        self.remote().end_call(&self.shared().idle);
    }

    /// Takes in what other threads have left. True if there is something to run now.
    pub(in crate::scheduler) fn collect(&self) -> bool {
        let remote = self.remote();
        self.collect_retired();
        for order in remote.timer_orders.take() {
            match order {
                TimerOrder::Cancel(key) => {
                    let removed = self.with_wheel(|wheel| wheel.remove(key));
                    // Somebody else's code; the orders behind this one must not go with it.
                    isolated(|| drop(removed));
                }
                TimerOrder::Insert { deadline, timer } if timer.is_wanted() => {
                    self.with_wheel(|wheel| wheel.insert(deadline, timer.into()));
                }
                TimerOrder::Insert { .. } => {}
            }
        }
        self.admit(remote)
    }

    /// Takes the tasks that others have finished out of the registry.
    pub(in crate::scheduler) fn collect_retired(&self) {
        for task in self.remote().take_retired(self.shared) {
            if !task.header().state.load().is_complete() {
                // Ended by a thread that had lent its core, and left to us in full.
                self.finish_complete(task);
                continue;
            }
            if let Some(home) = task.header().record.home() {
                self.with_registry(|registry| registry.remove(home.slot));
            }
            // SAFETY: the life reference came with the task.
            unsafe { task.drop_reference() };
        }
    }

    /// Takes the tasks out of the mailbox of a worker. True if there was one.
    pub(in crate::scheduler) fn admit(&self, from: &Remote) -> bool {
        let mut is_any = false;
        for task in from.mailbox.drain(self.shared) {
            if task.header().record.home().is_none() {
                self.register(task);
            }
            self.counters().admitted.increment();
            // One whose wait is measured is stamped already.
            if !task.header().record.stamp().is_probed() {
                task.header().record.set_stamp(self.stamp.get().unprobed());
            }
            self.push(task);
            is_any = true;
        }
        is_any
    }

    /// Serves the driver and the timers; waits for at most `timeout` if there is nothing.
    pub(in crate::scheduler) fn drive(&self, timeout: Option<Duration>) {
        self.remote().drive(timeout, wake_isolated);
        let now = Instant::now();
        self.last_drive.set(now);
        self.set_stamp(now);
        self.fire_timers();
    }
}
