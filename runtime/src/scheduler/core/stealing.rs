//! Taking work from workers that are behind.

use std::time::Duration;

use super::super::queue::Owner;
use super::super::remote::Remote;
use super::{Core, HELP_DELAY_NANOS};
use crate::isolated::wake_isolated;
use crate::shim::atomic::Ordering::Relaxed;

impl Core {
    /// Looks for work with the others. True if some was found.
    pub(in crate::scheduler) fn steal(&self) -> bool {
        let Some(ring) = self.ring() else { return false };
        let shared = self.shared();
        let count = shared.remotes.len();
        let start = self.rng.below(count as u32) as usize;
        let found = (0..count)
            .map(|offset| (start + offset) % count)
            .filter(|&victim| victim != self.index as usize)
            .any(|victim| self.steal_from(ring, &shared.remotes[victim]));
        self.end_call();
        found
    }

    fn steal_from(&self, ring: &Owner, victim: &Remote) -> bool {
        let is_stuck = victim.is_stuck();
        // A busy worker whose queue is short gets to it sooner than we would.
        if !is_stuck && victim.expected_delay() < HELP_DELAY_NANOS / 2 {
            return false;
        }
        let Some(stealer) = &victim.stealer else { return false };
        let before = ring.len();
        if let Some(task) = stealer.steal_into(ring) {
            self.counters().steal_operations.increment();
            self.counters().steals.add((ring.len() - before) as u64 + 1);
            // Half of its queue is ours: so is what it knew of the length of polls.
            remote_estimate(self.remote(), victim);
            self.push(task);
            return true;
        }
        if !is_stuck {
            return false;
        }
        if let Some(task) = stealer.steal_next() {
            self.counters().steals.increment();
            self.push(task);
        }
        self.admit(victim);
        victim.drive(Some(Duration::ZERO), wake_isolated);
        let shared = self.shared();
        victim.rescue_timers(shared.config.ticks.floor(shared.clock.now()));
        self.has_work()
    }
}

fn remote_estimate(own: &Remote, other: &Remote) {
    let estimate = own.poll_nanos.load(Relaxed).max(other.poll_nanos.load(Relaxed));
    own.poll_nanos.store(estimate, Relaxed);
}
