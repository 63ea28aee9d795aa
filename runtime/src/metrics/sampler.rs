//! Which polls are measured.

use std::cell::Cell;

use crate::scheduler::Rng;

/// One poll in about so many is measured.
pub(crate) const SAMPLE_INTERVAL: u32 = 256;

/// Counts down to the next poll to measure; at random, so that no rhythm of the tasks hides from it.
#[derive(Debug)]
pub(crate) struct Sampler {
    left: Cell<u32>,
    rng: Rng,
}

impl Sampler {
    pub(crate) fn new(rng: Rng) -> Self {
        let sampler = Self { left: Cell::new(0), rng };
        sampler.restart();
        sampler
    }

    /// Polls before the one to be measured.
    #[inline]
    pub(crate) fn left(&self) -> u32 {
        self.left.get()
    }

    /// Notes that `count` of them have been made.
    #[inline]
    pub(crate) fn spend(&self, count: u32) {
        self.left.set(self.left.get() - count);
    }

    /// Picks the next one.
    pub(crate) fn restart(&self) {
        self.left.set(self.rng.below(2 * SAMPLE_INTERVAL - 1));
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::scheduler::Seed;

    #[test]
    fn one_poll_in_so_many_is_measured_on_the_average() {
        let sampler = Sampler::new(Seed::of(3).derive(0));
        let rounds = 10_000;
        let polls: u64 = (0..rounds)
            .map(|_| {
                let left = sampler.left();
                sampler.spend(left);
                sampler.restart();
                u64::from(left) + 1
            })
            .sum();
        let mean = polls as f64 / f64::from(rounds);
        assert!((mean - f64::from(SAMPLE_INTERVAL)).abs() < 2.0, "{mean}");
    }
}
