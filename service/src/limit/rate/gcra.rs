//! The generic cell rate algorithm in one atomic word.
//!
//! The word is the *theoretical arrival time*: the nanosecond, counted from the first use, at which the bucket would be
//! full again. A call is in time if that is no further ahead than the burst allows, and moves it by one interval.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use crate::clock::{Epoch, nanos};
use crate::shim::{AtomicU64, Ordering};

/// So many calls in such a span of time.
#[derive(Debug)]
pub(super) struct Rate {
    interval: AtomicU64,
    burst: AtomicU64,
}

impl Rate {
    pub(super) fn new(num: u64, per: Duration) -> Self {
        let (interval, burst) = Self::check(num, per);
        Self { interval: AtomicU64::new(interval), burst: AtomicU64::new(burst) }
    }

    fn check(num: u64, per: Duration) -> (u64, u64) {
        assert!(num > 0, "`num` is zero: a rate that lets nothing through");
        assert!(!per.is_zero(), "`per` is zero: a rate needs a span of time");
        let per = nanos(per);
        assert!(num <= per, "`num` is more than one call per nanosecond of `per`");
        let interval = per / num;
        (interval, interval.saturating_mul(num - 1))
    }

    pub(super) fn set(&self, num: u64, per: Duration) {
        let (interval, burst) = Self::check(num, per);
        self.interval.store(interval, Ordering::Relaxed);
        self.burst.store(burst, Ordering::Relaxed);
    }

    /// The arrival time after a call at `now`, or how long until there is a place.
    #[inline]
    pub(super) fn admit(&self, arrival: u64, now: u64) -> Result<u64, Duration> {
        let ahead = arrival.saturating_sub(now);
        let burst = self.burst.load(Ordering::Relaxed);
        if ahead > burst {
            return Err(Duration::from_nanos(ahead - burst));
        }
        Ok(arrival.max(now).saturating_add(self.interval.load(Ordering::Relaxed)))
    }
}

/// One bucket.
#[derive(Debug)]
pub(super) struct Gcra {
    arrival: AtomicU64,
    rate: Rate,
    epoch: Epoch,
    /// Calls that wait for their time.
    pub(super) waiting: AtomicUsize,
}

impl Gcra {
    pub(super) fn new(num: u64, per: Duration) -> Self {
        let rate = Rate::new(num, per);
        Self { arrival: AtomicU64::new(0), rate, epoch: Epoch::new(), waiting: AtomicUsize::new(0) }
    }

    pub(super) fn rate(&self) -> &Rate {
        &self.rate
    }

    /// Takes a place now, or says how long until there is one.
    pub(super) fn try_take(&self) -> Result<(), Duration> {
        self.try_take_at(self.epoch.now())
    }

    pub(super) fn try_take_at(&self, now: u64) -> Result<(), Duration> {
        let mut arrival = self.arrival.load(Ordering::Relaxed);
        loop {
            let next = self.rate.admit(arrival, now)?;
            match self.arrival.compare_exchange_weak(arrival, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(current) => arrival = current,
            }
        }
    }

    /// Returns a place that was taken and not used.
    pub(super) fn give_back(&self) {
        let interval = self.rate.interval.load(Ordering::Relaxed);
        let mut arrival = self.arrival.load(Ordering::Relaxed);
        while let Err(current) = self.arrival.compare_exchange_weak(
            arrival,
            arrival.saturating_sub(interval),
            Ordering::Relaxed,
            Ordering::Relaxed,
        ) {
            arrival = current;
        }
    }
}

#[cfg(all(test, not(loom)))]
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
    #[should_panic(expected = "`num` is zero")]
    fn a_rate_of_zero_is_refused() {
        let _ = Gcra::new(0, Duration::from_secs(1));
    }

    #[test]
    #[should_panic(expected = "`per` is zero")]
    fn a_rate_without_a_span_is_refused() {
        let _ = Gcra::new(1, Duration::ZERO);
    }

    #[test]
    #[should_panic(expected = "`num` is more than one call per nanosecond")]
    fn a_rate_beyond_the_clock_is_refused() {
        let _ = Gcra::new(2, Duration::from_nanos(1));
    }
}
