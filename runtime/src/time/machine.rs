//! The machine's clock as one number.
//!
//! `std::time::Instant` keeps seconds and nanoseconds apart and gives neither away, so arithmetic with it costs several
//! times what reading the clock does. On Linux both are the monotonic clock; one pair of readings, taken when the first
//! conversion is asked for, turns one into the other.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The same moment as both sides tell it.
///
/// The number is never the earlier one: so a timer for a converted `Instant` is late by the few nanoseconds between the
/// two readings, not early.
struct Anchor {
    instant: Instant,
    nanos: u64,
}

static ANCHOR: LazyLock<Anchor> = LazyLock::new(Anchor::new);

/// Readings of which the pair with the shortest time between them is kept.
#[cfg(target_os = "linux")]
const ATTEMPTS: usize = 8;

#[cfg(target_os = "linux")]
impl Anchor {
    fn new() -> Self {
        let attempt = || {
            let before = now();
            let instant = Instant::now();
            let nanos = now();
            (nanos - before, Self { instant, nanos })
        };
        let mut best = attempt();
        for _ in 1..ATTEMPTS {
            let next = attempt();
            if next.0 < best.0 {
                best = next;
            }
        }
        best.1
    }
}

#[cfg(not(target_os = "linux"))]
impl Anchor {
    fn new() -> Self {
        Self { instant: Instant::now(), nanos: 0 }
    }
}

/// Nanoseconds of the monotonic clock.
#[cfg(target_os = "linux")]
#[inline]
pub(super) fn now() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Nanoseconds since the clock was first read.
#[cfg(not(target_os = "linux"))]
pub(super) fn now() -> u64 {
    of_instant(Instant::now())
}

pub(super) fn of_instant(instant: Instant) -> u64 {
    let Anchor { instant: anchor, nanos } = *ANCHOR;
    match instant.checked_duration_since(anchor) {
        Some(after) => nanos.saturating_add(nanos_of(after)),
        None => nanos.saturating_sub(nanos_of(anchor.saturating_duration_since(instant))),
    }
}

/// The same moment; that of the anchor if the machine cannot tell it, which takes a clock of less than 64 bits.
pub(super) fn to_instant(nanos: u64) -> Instant {
    let anchor = &*ANCHOR;
    if nanos < anchor.nanos {
        return anchor
            .instant
            .checked_sub(Duration::from_nanos(anchor.nanos - nanos))
            .unwrap_or(anchor.instant);
    }
    let after = Duration::from_nanos(nanos - anchor.nanos);
    anchor.instant.checked_add(after).unwrap_or(anchor.instant)
}

/// A duration as one number; 584 years if it is longer.
#[inline]
pub(super) fn nanos_of(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(duration.subsec_nanos()))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn an_instant_survives_the_way_there_and_back() {
        let instant = Instant::now();
        assert_eq!(to_instant(of_instant(instant)), instant);
        let earlier = instant.checked_sub(Duration::from_secs(1)).unwrap();
        assert_eq!(to_instant(of_instant(earlier)), earlier);
    }

    #[test]
    fn a_converted_instant_is_not_before_the_clock_that_read_it() {
        for _ in 0..1000 {
            let before = now();
            assert!(of_instant(Instant::now()) >= before);
        }
    }

    #[test]
    fn what_is_too_far_away_is_the_end_of_time() {
        assert_eq!(nanos_of(Duration::MAX), u64::MAX);
        assert!(to_instant(u64::MAX) > Instant::now());
    }
}
