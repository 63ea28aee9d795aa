//! How loaded an instance is, in two words.

use std::time::Duration;

use crate::clock::nanos;
use crate::shim::{AtomicU64, Ordering};
use crate::stripe::{Padded, Stripe, Stripes};

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
/// Each thread counts the calls it begins in a place of its own, where they also end; so the sum over the places is exact,
/// and no place is ever below zero. Who picks reads its own place alone as a rule, with what the others had in theirs when
/// it last looked: of two threads that pick from the same few instances neither waits for the other's words.
///
/// The latency is a word: microseconds as `f32` in the upper half, and the time they were noted at in the lower.
#[derive(Debug)]
pub(crate) struct Meter {
    places: Stripes<Place>,
    latency: Padded<AtomicU64>,
}

#[derive(Debug)]
struct Place {
    /// Calls under way that began here.
    pending: AtomicU64,
    /// Those that began elsewhere, when that was last looked at from here.
    others: AtomicU64,
}

/// How closely a picker looks at the calls under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// At every place.
    Close,
    /// At its own, with the others as they were.
    Glance(Stripe),
    /// At every place, for glances from this one to come.
    Update(Stripe),
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
        let place = || Place { pending: AtomicU64::new(0), others: AtomicU64::new(0) };
        Self { places: Stripes::new(place), latency: Padded(AtomicU64::new(0)) }
    }

    /// The calls under way.
    pub(crate) fn pending(&self) -> u64 {
        // ORDERING: Acquire, for who takes an idle meter for another instance. Pairs with [meter.end].
        self.places.all().map(|place| place.pending.load(Ordering::Acquire)).sum()
    }

    /// Begins another life; nobody has a call under way.
    pub(super) fn reset(&self) {
        self.latency.0.store(0, Ordering::Relaxed);
        self.places.all().for_each(|place| place.others.store(0, Ordering::Relaxed));
    }

    /// A call begins at a place, where it is to end.
    #[inline]
    pub(crate) fn begin(&self, stripe: Stripe) {
        self.places.of(stripe).pending.fetch_add(1, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn end(&self, stripe: Stripe) {
        // ORDERING: Release [meter.end].
        self.places.of(stripe).pending.fetch_sub(1, Ordering::Release);
    }

    #[inline]
    fn pending_by(&self, look: Look) -> u64 {
        if let Look::Glance(stripe) = look {
            let own = self.places.of(stripe);
            return own.pending.load(Ordering::Relaxed) + own.others.load(Ordering::Relaxed);
        }
        self.look_around(look)
    }

    #[inline(never)]
    fn look_around(&self, look: Look) -> u64 {
        let pending = self.pending();
        if let Look::Update(stripe) = look {
            let own = self.places.of(stripe);
            let others = pending.saturating_sub(own.pending.load(Ordering::Relaxed));
            own.others.store(others, Ordering::Relaxed);
        }
        pending
    }

    /// The load of [`Load::Pending`].
    #[inline]
    pub(crate) fn load_of_pending(&self, look: Look) -> f32 {
        // By way of a signed number, which is one instruction.
        (self.pending_by(look) as i64 + 1) as f32
    }

    /// The load now. But for [`Look::Update`], nothing is written: picking is reading.
    #[inline]
    pub(crate) fn load(&self, kind: Load, now: u64, look: Look) -> f32 {
        let pending = self.load_of_pending(look);
        match kind {
            Load::Pending => pending,
            Load::PeakEwma { half_life, unknown, .. } => {
                let (micros, since) = unpack(self.latency.0.load(Ordering::Relaxed));
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
        let mut word = self.latency.0.load(Ordering::Relaxed);
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
            match self.latency.0.compare_exchange_weak(
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
        meter.load(KIND, now, Look::Close) / 1000.0
    }

    #[test]
    fn a_peak_counts_at_once_and_is_forgotten_slowly() {
        let meter = Meter::new();
        assert_eq!(millis(&meter, 0), 0.0, "the first call is made at once");
        let call = Stripe::own();
        meter.begin(call);
        assert_eq!(millis(&meter, 0), 60.0, "and others when it is known how it went");
        meter.end(call);
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
        let own = Stripe::own();
        (0..2).for_each(|_| meter.begin(own));
        assert_eq!(meter.load(Load::Pending, 0, Look::Close), 3.0);
        assert_eq!(meter.load(Load::Pending, 0, Look::Glance(own)), 3.0);
        assert_eq!(millis(&meter, 0), 90.0);
        meter.end(own);
        assert_eq!(meter.load(Load::Pending, 0, Look::Close), 2.0);
    }

    #[test]
    fn a_glance_sees_the_calls_of_other_threads_as_they_were_at_the_last_update() {
        let meter = Meter::new();
        let own = Stripe::own();
        let others = Stripe::new((0..).find(|index| Stripe::new(*index) != own).unwrap());
        let load = |look| meter.load(Load::Pending, 0, look);
        meter.begin(own);
        (0..5).for_each(|_| meter.begin(others));
        assert_eq!([load(Look::Glance(own)), load(Look::Close)], [2.0, 7.0]);
        assert_eq!([load(Look::Update(own)), load(Look::Glance(own))], [7.0, 7.0]);
        // Wherever a call ends, it ends where it began.
        std::thread::scope(|scope| scope.spawn(|| meter.end(others)).join().unwrap());
        assert_eq!(
            [load(Look::Glance(own)), load(Look::Update(own)), load(Look::Glance(own))],
            [7.0, 6.0, 6.0]
        );
        assert_eq!(meter.pending(), 5);
    }
}
