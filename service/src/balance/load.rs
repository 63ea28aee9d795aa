//! How loaded an instance is, in two words.

use std::time::Duration;

use crate::clock::nanos;
use crate::shim::{AtomicU64, Ordering};

/// What is taken for the load of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Load {
    /// The calls under way.
    Pending,
    /// The calls under way times the latency of late.
    PeakEwma {
        /// The time in which a latency loses half of its weight.
        half_life: Duration,
        /// The latency of an instance whose first call has not been answered.
        unknown: Duration,
        /// The latency a failure counts as, at least.
        penalty: Duration,
    },
}

impl Load {
    /// [`PeakEwma`](Self::PeakEwma) with usual numbers: a half-life of ten seconds, 30 ms where nothing is known, and
    /// a second for failures.
    #[must_use]
    pub const fn peak_ewma() -> Self {
        Self::PeakEwma {
            half_life: Duration::from_secs(10),
            unknown: Duration::from_millis(30),
            penalty: Duration::from_secs(1),
        }
    }

    /// Whether measuring it takes a clock.
    pub(super) const fn wants_time(self) -> bool {
        matches!(self, Self::PeakEwma { .. })
    }

    pub(super) fn check(self) {
        if let Self::PeakEwma { half_life, unknown, penalty } = self {
            assert!(!half_life.is_zero(), "`half_life` is zero: nothing would be remembered");
            assert!(
                !unknown.is_zero(),
                "`unknown` is zero: an instance nothing is known of would get everything"
            );
            assert!(penalty >= unknown, "`penalty` is below `unknown`: failing would pay");
        }
    }
}

/// The load of one instance.
///
/// The latency is a word: microseconds as `f32` in the upper half, and the time they were noted at in the lower.
#[derive(Debug)]
pub(crate) struct Meter {
    pending: AtomicU64,
    latency: AtomicU64,
}

/// About a millisecond: 32 bits of them are fifty days.
const TICK_SHIFT: u32 = 20;

fn pack(micros: f32, now: u64) -> u64 {
    u64::from(micros.to_bits()) << 32 | (now >> TICK_SHIFT) & u64::from(u32::MAX)
}

fn unpack(word: u64) -> (f32, u32) {
    (f32::from_bits((word >> 32) as u32), word as u32)
}

/// What is left of `micros` after a time. By whole halvings: the exponent of a float.
fn decayed(micros: f32, since: u32, now: u64, half_life: Duration) -> f32 {
    let age = ((now >> TICK_SHIFT) as u32).wrapping_sub(since);
    let halvings = u64::from(age) / (nanos(half_life) >> TICK_SHIFT).max(1);
    micros * f32::from_bits((127 - halvings.min(120) as u32) << 23)
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self { pending: AtomicU64::new(0), latency: AtomicU64::new(0) }
    }

    #[inline]
    pub(crate) fn pending(&self) -> u64 {
        self.pending.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn begin(&self) {
        self.pending.fetch_add(1, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn end(&self) {
        self.pending.fetch_sub(1, Ordering::Relaxed);
    }

    /// The load now. Nothing is written: picking is reading.
    #[inline]
    pub(crate) fn load(&self, kind: Load, now: u64) -> f32 {
        let pending = (self.pending() + 1) as f32;
        match kind {
            Load::Pending => pending,
            Load::PeakEwma { half_life, unknown, .. } => {
                let (micros, since) = unpack(self.latency.load(Ordering::Relaxed));
                let micros = match micros {
                    // The first call is made at once, or it would not be known for ever; others wait for its outcome.
                    0.0 if pending == 1.0 => return 0.0,
                    0.0 => unknown.as_micros() as f32,
                    known => decayed(known, since, now, half_life),
                };
                pending * micros.max(1.0)
            }
        }
    }

    /// Takes a latency into account: at once if it is higher, and by and by if it is lower.
    pub(crate) fn note(&self, kind: Load, latency: Duration, is_failure: bool, now: u64) {
        let Load::PeakEwma { half_life, penalty, .. } = kind else { return };
        let latency = if is_failure { latency.max(penalty) } else { latency };
        let micros = (latency.as_nanos() as f32 / 1000.0).max(0.1);
        let mut word = self.latency.load(Ordering::Relaxed);
        loop {
            let (known, since) = unpack(word);
            let age = u64::from(((now >> TICK_SHIFT) as u32).wrapping_sub(since)) << TICK_SHIFT;
            let next = if micros >= known {
                micros
            } else {
                let weight = 0.5_f32.powf(age as f32 / nanos(half_life) as f32);
                known * weight + micros * (1.0 - weight)
            };
            // Within one tick a lower latency has no weight yet, and its time need not be noted.
            if next == known && age == 0 {
                return;
            }
            match self.latency.compare_exchange_weak(
                word,
                pack(next, now),
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(current) => word = current,
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const KIND: Load = Load::peak_ewma();

    fn millis(meter: &Meter, now: u64) -> f32 {
        meter.load(KIND, now) / 1000.0
    }

    #[test]
    fn a_peak_counts_at_once_and_is_forgotten_slowly() {
        let meter = Meter::new();
        assert_eq!(millis(&meter, 0), 0.0, "the first call is made at once");
        meter.begin();
        assert_eq!(millis(&meter, 0), 60.0, "and others when it is known how it went");
        meter.end();
        meter.note(KIND, Duration::from_millis(10), false, SECOND);
        assert!((9.9..10.1).contains(&millis(&meter, SECOND)));
        meter.note(KIND, Duration::from_millis(500), false, 2 * SECOND);
        assert!((499.0..501.0).contains(&millis(&meter, 2 * SECOND)));
        meter.note(KIND, Duration::from_millis(10), false, 3 * SECOND);
        assert!((450.0..490.0).contains(&millis(&meter, 3 * SECOND)), "{}", millis(&meter, 3 * SECOND));
    }

    #[test]
    fn an_instance_that_is_not_asked_is_forgiven() {
        let meter = Meter::new();
        meter.note(KIND, Duration::from_secs(8), false, 0);
        let later = millis(&meter, 100 * SECOND);
        assert!(later < 20.0, "{later}");
        assert!(millis(&meter, 1_000_000 * SECOND) > 0.0);
    }

    #[test]
    fn a_failure_is_not_fast() {
        let meter = Meter::new();
        meter.note(KIND, Duration::from_micros(50), true, SECOND);
        assert!(millis(&meter, SECOND) >= 999.0);
    }

    #[test]
    fn calls_under_way_multiply_the_load() {
        let meter = Meter::new();
        meter.begin();
        meter.begin();
        assert_eq!(meter.load(Load::Pending, 0), 3.0);
        assert_eq!(millis(&meter, 0), 90.0);
        meter.end();
        assert_eq!(meter.load(Load::Pending, 0), 2.0);
    }
}
