//! The generic cell rate algorithm in one atomic word.
//!
//! The word is the *theoretical arrival time*: the nanosecond, counted from the first use, at which the bucket would be
//! full again. A call is in time if that is no further ahead than the burst allows, and moves it by one interval.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Instant;

#[derive(Debug)]
pub(super) struct Gcra {
    arrival: AtomicU64,
    interval: u64,
    burst: u64,
    epoch: OnceLock<Instant>,
}

impl Gcra {
    pub(super) fn new(num: u64, per: Duration) -> Self {
        assert!(num > 0, "a rate of zero would let nothing through");
        assert!(!per.is_zero(), "a rate needs a span of time");
        let interval = (nanos(per) / num).max(1);
        Self {
            arrival: AtomicU64::new(0),
            interval,
            burst: interval.saturating_mul(num - 1),
            epoch: OnceLock::new(),
        }
    }

    /// Takes a place now, or says how long until there is one.
    pub(super) fn try_take(&self) -> Result<(), Duration> {
        let now = Instant::now();
        self.try_take_at(nanos(now.saturating_duration_since(*self.epoch.get_or_init(|| now))))
    }

    fn try_take_at(&self, now: u64) -> Result<(), Duration> {
        self.arrival
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |arrival| {
                let arrival = arrival.max(now);
                (arrival - now <= self.burst).then(|| arrival.saturating_add(self.interval))
            })
            .map(|_| ())
            .map_err(|arrival| Duration::from_nanos(arrival.saturating_sub(now).saturating_sub(self.burst)))
    }

    /// Returns a place that was taken and not used.
    pub(super) fn give_back(&self) {
        let _ = self.arrival.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |arrival| {
            Some(arrival.saturating_sub(self.interval))
        });
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_burst_passes_and_is_earned_back_evenly() {
        let gcra = Gcra::new(5, Duration::from_secs(1));
        for _ in 0..5 {
            assert_eq!(gcra.try_take_at(0), Ok(()));
        }
        assert_eq!(gcra.try_take_at(0), Err(Duration::from_millis(200)));
        assert_eq!(gcra.try_take_at(SECOND / 5 - 1), Err(Duration::from_nanos(1)));
        assert_eq!(gcra.try_take_at(SECOND / 5), Ok(()));
        assert_eq!(gcra.try_take_at(SECOND / 5), Err(Duration::from_millis(200)));
    }

    #[test]
    fn idle_time_earns_no_more_than_one_burst() {
        let gcra = Gcra::new(3, Duration::from_secs(1));
        let granted = (0..10).filter(|_| gcra.try_take_at(1000 * SECOND).is_ok()).count();
        assert_eq!(granted, 3);
    }

    #[test]
    fn a_place_given_back_can_be_taken_again() {
        let gcra = Gcra::new(1, Duration::from_secs(1));
        assert_eq!(gcra.try_take_at(0), Ok(()));
        gcra.give_back();
        assert_eq!(gcra.try_take_at(0), Ok(()));
        assert!(gcra.try_take_at(0).is_err());
    }

    #[test]
    fn no_window_of_any_alignment_holds_more_than_a_burst_and_its_earnings() {
        let gcra = Gcra::new(10, Duration::from_secs(1));
        let granted: Vec<u64> =
            (0..40 * SECOND).step_by(7_000_000).filter(|&now| gcra.try_take_at(now).is_ok()).collect();
        for (index, &start) in granted.iter().enumerate() {
            let within = granted[index..].iter().take_while(|&&at| at < start + SECOND).count();
            assert!(within <= 20, "{within} from {start}");
        }
        assert!((400..=411).contains(&granted.len()), "{}", granted.len());
    }

    #[test]
    #[should_panic(expected = "a rate of zero")]
    fn a_rate_of_zero_is_refused() {
        let _ = Gcra::new(0, Duration::from_secs(1));
    }
}
