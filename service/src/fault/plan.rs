//! Which call fails, and which is slow.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::observe::{Event, Watch};
use crate::random::{fraction, mix};

#[derive(Debug)]
pub(super) struct Plan {
    seed: u64,
    calls: AtomicU64,
    is_on: AtomicBool,
    /// Bits of an `f64`.
    errors: AtomicU64,
    delays: AtomicU64,
    delay: RangeInclusive<Duration>,
    pub(super) watch: Watch,
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) delay: Option<Duration>,
    pub(super) is_failed: bool,
}

fn check(field: &str, rate: f64) -> u64 {
    assert!((0.0..=1.0).contains(&rate), "`{field}` is {rate}, not within 0 to 1");
    rate.to_bits()
}

impl Plan {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            calls: AtomicU64::new(0),
            is_on: AtomicBool::new(true),
            errors: AtomicU64::new(0),
            delays: AtomicU64::new(0),
            delay: Duration::ZERO..=Duration::ZERO,
            watch: Watch::none(),
        }
    }

    pub(super) fn set_delay(&mut self, delay: RangeInclusive<Duration>) {
        assert!(!delay.is_empty(), "`delay` is an empty range");
        self.delay = delay;
    }

    pub(super) fn set_errors(&self, rate: f64) {
        self.errors.store(check("errors", rate), Ordering::Relaxed);
    }

    pub(super) fn set_delays(&self, rate: f64) {
        self.delays.store(check("delays", rate), Ordering::Relaxed);
    }

    pub(super) fn errors(&self) -> f64 {
        f64::from_bits(self.errors.load(Ordering::Relaxed))
    }

    pub(super) fn delays(&self) -> f64 {
        f64::from_bits(self.delays.load(Ordering::Relaxed))
    }

    pub(super) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    pub(super) fn switch(&self, is_on: bool) {
        self.is_on.store(is_on, Ordering::Relaxed);
    }

    pub(super) fn next(&self) -> Fate {
        if !self.is_on() {
            return Fate { delay: None, is_failed: false };
        }
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let draw = |what: u64| fraction(mix(self.seed ^ mix(call.wrapping_mul(4).wrapping_add(what + 1))));
        let delay = (draw(0) < self.delays()).then(|| {
            let span = self.delay.end().saturating_sub(*self.delay.start());
            *self.delay.start() + span.mul_f64(draw(1))
        });
        let fate = Fate { delay, is_failed: draw(2) < self.errors() };
        if fate.delay.is_some() || fate.is_failed {
            let (delay, is_failure) = (fate.delay.unwrap_or_default(), fate.is_failed);
            self.watch.tell(|| Event::Injected { delay, is_failure });
        }
        fate
    }
}
