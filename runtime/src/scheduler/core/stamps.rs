//! When tasks are queued, and for how long some of them wait.

use std::time::Instant;

use super::Core;
use crate::task::{Stamp, TaskRef};
use crate::time::Nanos;

impl Core {
    /// What tasks are stamped with that are queued now, and not to be measured.
    pub(in crate::scheduler) fn coarse_stamp(&self) -> Stamp {
        self.stamp.get().unprobed()
    }

    /// Notes what time it is, for the tasks that are queued from now on.
    pub(super) fn set_stamp(&self, now: Instant) {
        let stamp = Stamp::at(Nanos::of(now).0);
        self.stamp.set(if self.stamp.get().is_probed() { stamp.probed() } else { stamp });
    }

    /// Notes when a task is queued.
    #[inline]
    pub(super) fn stamp(&self, task: TaskRef) {
        let stamp = self.stamp.get();
        task.header().record.set_stamp(stamp);
        if stamp.is_probed() {
            self.start_probe(task);
        }
    }

    /// Measures how long this task will wait.
    #[cold]
    fn start_probe(&self, task: TaskRef) {
        let now = Nanos::real().0;
        let stamp = Stamp::at(now);
        self.stamp.set(stamp);
        let header = task.header();
        let is_started = self.counters().probe.start(header.id, now);
        header.record.set_stamp(if is_started { stamp.probed() } else { stamp });
    }

    /// Notes how long a task has waited that is about to be polled.
    #[cold]
    pub(super) fn finish_probe(&self, task: TaskRef) {
        let now = Nanos::real().0;
        let header = task.header();
        header.record.set_stamp(header.record.stamp().unprobed());
        let counters = self.shared().remotes.iter().map(|remote| &remote.counters);
        let woken_at = counters.flat_map(|counters| [&counters.probe, &counters.mailbox_probe]);
        if let Some(woken_at) = woken_at.filter_map(|probe| probe.finish(header.id)).next() {
            self.counters().schedule_delay.record(now.saturating_sub(woken_at));
        }
    }
}
