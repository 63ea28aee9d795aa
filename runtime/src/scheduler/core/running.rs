//! Turns of tasks.

use std::time::Instant;

use super::super::hands;
use super::Core;
use crate::runtime;
use crate::task::{TaskRef, Turn};

/// Runs queued tasks, as many as there are up to one tick. True if any ran.
pub(crate) type RunBatch = fn(&Core) -> bool;

/// Runs tasks with the hooks around each poll.
pub(crate) fn run_hooked_batch(core: &Core) -> bool {
    core.run_batch_with::<true>()
}

/// Whether a worker may go on with its core.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::scheduler) enum AfterTurn {
    GoOn,
    CoreIsLent,
}

impl Core {
    /// Runs queued tasks, as many as there are up to one tick. True if any ran.
    ///
    /// If one of them has lent the core, the caller must not go on with it.
    pub(in crate::scheduler) fn run_batch(&self) -> bool {
        if let Some(simulation) = &self.shared().simulation {
            return self.run_simulated_batch(simulation);
        }
        match self.hooked_batch {
            None => self.run_batch_with::<false>(),
            Some(run_batch) => run_batch(self),
        }
    }

    /// By itself, so that all registers are its own.
    #[inline(never)]
    fn run_batch_with<const HAS_POLL_HOOKS: bool>(&self) -> bool {
        let until_tick = self.tick_polls.saturating_sub(self.polls_since_tick.get()).max(1);
        let unmeasured = self.sampler.left().min(until_tick);
        let mut ran = 0;
        while ran < unmeasured
            && let Some(task) = self.take()
        {
            ran += 1;
            if self.run_task::<HAS_POLL_HOOKS>(task) == AfterTurn::CoreIsLent {
                return true;
            }
        }
        self.sampler.spend(ran);
        if self.sampler.left() == 0 {
            ran += self.run_measured::<HAS_POLL_HOOKS>();
            if hands::was_lent() {
                return true;
            }
        }
        self.counters().stop_polling();
        self.polls_since_tick.set(self.polls_since_tick.get() + ran + 1);
        if self.polls_since_tick.get() > self.tick_polls {
            self.tick();
        }
        ran != 0
    }

    #[inline(always)]
    pub(in crate::scheduler) fn run_task<const HAS_POLL_HOOKS: bool>(&self, task: TaskRef) -> AfterTurn {
        let header = task.header();
        self.counters().start_poll(header.id);
        if header.record.stamp().is_probed() {
            self.finish_probe(task);
        }
        let is_over = if HAS_POLL_HOOKS {
            let hooks = &self.shared().config.hooks;
            task.poll_between(
                |header| runtime::call_for(hooks.before_poll.as_ref(), header),
                |header| runtime::call_for(hooks.after_poll.as_ref(), header),
            )
        } else {
            task.poll_between(|_| (), |_| ())
        };
        if hands::was_lent() {
            hands::finish_turn(task, task.end_turn(is_over));
            return AfterTurn::CoreIsLent;
        }
        // Ended only here, so that no turn has to be kept across the question above.
        self.finish(task, task.end_turn(is_over));
        AfterTurn::GoOn
    }

    /// Runs a task with an eye on the clock, and has the next wait in the queue measured.
    ///
    /// Returns how many ran: none if there is nothing to run.
    #[cold]
    fn run_measured<const HAS_POLL_HOOKS: bool>(&self) -> u32 {
        let Some(task) = self.take() else { return 0 };
        let header = task.header();
        header.record.relieve();
        let spawned_at = header.origin.spawned_at();
        let start = Instant::now();
        if self.run_task::<HAS_POLL_HOOKS>(task) == AfterTurn::CoreIsLent {
            return 1;
        }
        let end = Instant::now();
        self.counters().measure(spawned_at, end.duration_since(start).as_nanos() as u64);
        self.set_stamp(end);
        if self.counters().probe.is_free() {
            self.stamp.set(self.stamp.get().probed());
        }
        self.sampler.restart();
        1
    }

    #[inline(always)]
    pub(in crate::scheduler) fn finish(&self, task: TaskRef, turn: Turn) {
        match turn {
            Turn::Pending => {}
            Turn::Requeue => {
                self.counters().self_wakes.increment();
                self.schedule_last(task);
            }
            Turn::Complete => self.finish_complete(task),
        }
    }

    #[inline]
    pub(super) fn finish_complete(&self, task: TaskRef) {
        self.counters().retire(task);
        if self.tells_ends {
            self.shared().note_end(task);
        }
        match task.header().record.slot_at(self.home_index) {
            Some(slot) => {
                self.with_registry(|registry| registry.remove(slot));
                // SAFETY: complete, and out of the registry.
                unsafe { task.retire() };
            }
            None => self.send_home(task),
        }
    }

    /// Leaves a task that ended here to the worker that has it in its registry.
    #[cold]
    fn send_home(&self, task: TaskRef) {
        match task.header().record.home() {
            Some(home) => {
                task.publish();
                self.shared().remotes[home.worker as usize].send_retired(task);
            }
            None => debug_assert!(false, "a task ran before it was registered"),
        }
    }
}
