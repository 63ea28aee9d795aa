//! How long to wait between attempts.

use std::time::Duration;

use crate::random;

/// How the delays of a [`Backoff`] are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Jitter {
    /// Exactly the delay. Clients that failed together come back together.
    None,
    /// Anything from zero to the delay.
    #[default]
    Full,
    /// From half the delay to all of it.
    Equal,
    /// From the first delay to three times the previous one.
    Decorrelated,
}

/// How the delays of a [`Backoff`] grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Growth {
    Constant,
    Linear,
    Exponential,
}

/// Growing delays with jitter.
///
/// ```
/// use std::time::Duration;
/// use minato_service::Backoff;
///
/// let backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(2));
/// let delays: Vec<_> = backoff.delays().take(10).collect();
/// assert!(delays.iter().all(|delay| *delay <= Duration::from_secs(2)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    growth: Growth,
    jitter: Jitter,
}

impl Backoff {
    /// The same delay each time, with full jitter.
    #[must_use]
    pub const fn constant(delay: Duration) -> Self {
        Self { first: delay, max: delay, growth: Growth::Constant, jitter: Jitter::Full }
    }

    /// Delays of once, twice, three times `first`, which never exceed `max`, and have full jitter.
    ///
    /// # Panics
    ///
    /// If `max` is below `first`, or `first` alone is zero.
    #[must_use]
    pub fn linear(first: Duration, max: Duration) -> Self {
        Self { growth: Growth::Linear, ..Self::new(first, max) }
    }

    /// Delays that begin at `first`, double each time, never exceed `max`, and have full jitter.
    ///
    /// # Panics
    ///
    /// If `max` is below `first`, or `first` alone is zero.
    #[must_use]
    pub fn new(first: Duration, max: Duration) -> Self {
        assert!(first <= max, "`first` is {first:?} and exceeds `max`, which is {max:?}");
        assert!(
            !first.is_zero() || max.is_zero(),
            "`first` is zero: delays would not grow to `max`, {max:?}"
        );
        Self::between(first, max)
    }

    /// As [`new`](Self::new), for constants.
    pub(crate) const fn between(first: Duration, max: Duration) -> Self {
        Self { first, max, growth: Growth::Exponential, jitter: Jitter::Full }
    }

    /// Spreads the delays as `jitter` says.
    #[must_use]
    pub const fn jitter(self, jitter: Jitter) -> Self {
        Self { jitter, ..self }
    }

    /// The delays of one request, independent of those of any other.
    #[must_use]
    pub fn delays(&self) -> Delays {
        self.delays_from_seed(crate::clock::seed())
    }

    /// The delays that follow from `seed`, for tests and simulation.
    #[must_use]
    pub const fn delays_from_seed(&self, seed: u64) -> Delays {
        Delays { backoff: *self, ceiling: self.first, previous: self.first, state: seed }
    }
}

/// The delays of one request: an endless iterator.
#[derive(Debug, Clone)]
pub struct Delays {
    backoff: Backoff,
    /// The delay without jitter.
    ceiling: Duration,
    previous: Duration,
    state: u64,
}

impl Iterator for Delays {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let Backoff { first, max, growth, jitter } = self.backoff;
        let ceiling = self.ceiling;
        self.ceiling = match growth {
            Growth::Constant => ceiling,
            Growth::Linear => ceiling.saturating_add(first).min(max),
            Growth::Exponential => ceiling.saturating_mul(2).min(max),
        };
        let delay = match jitter {
            Jitter::None => ceiling,
            Jitter::Full => self.between(Duration::ZERO, ceiling),
            Jitter::Equal => self.between(ceiling / 2, ceiling),
            Jitter::Decorrelated => self.between(first, self.previous.saturating_mul(3).min(max)),
        };
        self.previous = delay;
        Some(delay)
    }
}

impl Delays {
    fn between(&mut self, low: Duration, high: Duration) -> Duration {
        low + high.saturating_sub(low).mul_f64(random::fraction(random::step(&mut self.state)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(100);
    const MAX: Duration = Duration::from_secs(3);

    fn delays(jitter: Jitter, seed: u64) -> Vec<Duration> {
        Backoff::new(FIRST, MAX).jitter(jitter).delays_from_seed(seed).take(8).collect()
    }

    #[test]
    fn without_jitter_delays_double_up_to_the_maximum() {
        let expected = [100, 200, 400, 800, 1600, 3000, 3000, 3000].map(Duration::from_millis);
        assert_eq!(delays(Jitter::None, 1), expected);
    }

    #[test]
    fn each_jitter_stays_in_its_range() {
        for seed in 0..200 {
            let ceilings = delays(Jitter::None, seed);
            for (delay, ceiling) in delays(Jitter::Full, seed).iter().zip(&ceilings) {
                assert!(delay <= ceiling);
            }
            for (delay, ceiling) in delays(Jitter::Equal, seed).iter().zip(&ceilings) {
                assert!(*delay >= *ceiling / 2 && delay <= ceiling);
            }
            let mut previous = FIRST;
            for delay in delays(Jitter::Decorrelated, seed) {
                assert!(delay >= FIRST && delay <= (previous * 3).min(MAX));
                previous = delay;
            }
        }
    }

    #[test]
    fn requests_of_one_backoff_do_not_wait_in_step() {
        for jitter in [Jitter::Full, Jitter::Equal, Jitter::Decorrelated] {
            let backoff = Backoff::new(FIRST, MAX).jitter(jitter);
            let mut firsts: Vec<_> = (0..100).map(|_| backoff.delays().nth(1)).collect();
            firsts.sort();
            firsts.dedup();
            assert!(firsts.len() > 90, "{jitter:?}: {} different delays", firsts.len());
        }
    }

    #[test]
    fn delays_grow_as_they_are_told() {
        let of = |backoff: Backoff| -> Vec<u128> {
            backoff.jitter(Jitter::None).delays().take(5).map(|delay| delay.as_millis()).collect()
        };
        assert_eq!(of(Backoff::constant(FIRST)), [100; 5]);
        assert_eq!(of(Backoff::linear(FIRST, FIRST * 4)), [100, 200, 300, 400, 400]);
        assert_eq!(of(Backoff::new(FIRST, FIRST * 6)), [100, 200, 400, 600, 600]);
    }

    #[test]
    fn full_jitter_spreads_over_the_whole_range() {
        let backoff = Backoff::new(FIRST, MAX);
        let total: Duration = (0..1000).filter_map(|seed| backoff.delays_from_seed(seed).next()).sum();
        let mean = total / 1000;
        assert!((Duration::from_millis(45)..Duration::from_millis(55)).contains(&mean), "{mean:?}");
    }
}
