//! The generic cell rate algorithm in one atomic word.
//!
//! The upper sixty bits are the *theoretical arrival time*: the nanosecond, counted from the first use, at which the
//! bucket would be full again. A call is in time if that is no further ahead than the burst allows, and moves it by one
//! interval.
//!
//! Reading the clock costs several times what all else does. So where the bucket has places enough, some calls pass
//! untimed after each that looks at the clock; the lower four bits count them. The next that looks takes all of them to
//! have come just then.
//!
//! Invariants
//! 1. Untimed calls are in time whenever they come: the look before them found places for all of them.
//! 2. They are taken to be later than they were, never earlier: no more calls pass than if each had looked, and after
//!    a pause at most `untimed_max` fewer.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use crate::clock::{Epoch, nanos};
use crate::shim::{AtomicU64, Ordering};

/// Bits of the word that count untimed calls.
const COUNT_BITS: u32 = 4;
/// Instead of a count: the next call looks at the clock.
const LOOK: u64 = (1 << COUNT_BITS) - 1;
/// Calls that pass untimed in a row, at most.
const UNTIMED_MAX: u64 = LOOK - 1;
/// The part of a burst that may be untimed. Small bursts have none, so they are exact.
const UNTIMED_PART: u64 = 16;
/// The latest arrival time, in 36 years.
const ARRIVAL_MAX: u64 = u64::MAX >> COUNT_BITS;

/// So many calls in such a span of time.
#[derive(Debug)]
pub(super) struct Rate {
    interval: AtomicU64,
    burst: AtomicU64,
    untimed_max: AtomicU64,
}

/// What is known of a bucket: its arrival time and its untimed calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bucket(u64);

impl Bucket {
    /// A full one.
    pub(super) const FULL: Self = Self(LOOK);

    const fn new(arrival: u64, count: u64) -> Self {
        let arrival = if arrival < ARRIVAL_MAX { arrival } else { ARRIVAL_MAX };
        Self(arrival << COUNT_BITS | count)
    }

    const fn arrival(self) -> u64 {
        self.0 >> COUNT_BITS
    }

    const fn count(self) -> u64 {
        self.0 & LOOK
    }

    /// Calls that have passed since the clock was last looked at.
    const fn untimed(self) -> u64 {
        if self.count() == LOOK { 0 } else { self.count() }
    }

    /// Whether it has all of its places at `now`.
    pub(super) const fn is_full(self, now: u64) -> bool {
        self.arrival() <= now && self.untimed() == 0
    }
}

impl Rate {
    pub(super) fn new(num: u64, per: Duration) -> Self {
        let rate =
            Self { interval: AtomicU64::new(0), burst: AtomicU64::new(0), untimed_max: AtomicU64::new(0) };
        rate.set(num, per);
        rate
    }

    pub(super) fn set(&self, num: u64, per: Duration) {
        assert!(num > 0, "`num` is zero: a rate that lets nothing through");
        assert!(!per.is_zero(), "`per` is zero: a rate needs a span of time");
        let per = nanos(per);
        assert!(num <= per, "`num` is more than one call per nanosecond of `per`");
        let interval = per / num;
        self.interval.store(interval, Ordering::Relaxed);
        self.burst.store(interval.saturating_mul(num - 1), Ordering::Relaxed);
        self.untimed_max.store((num / UNTIMED_PART).min(UNTIMED_MAX), Ordering::Relaxed);
    }

    /// The bucket after a call that does not look at the clock, if there may be one.
    #[inline]
    fn admit_untimed(&self, bucket: Bucket) -> Option<Bucket> {
        let may_pass = bucket.count() < self.untimed_max.load(Ordering::Relaxed);
        may_pass.then_some(Bucket(bucket.0 + 1))
    }

    /// The bucket after a call at `now`, or how long until there is a place.
    pub(super) fn admit(&self, bucket: Bucket, now: u64) -> Result<Bucket, Duration> {
        let interval = self.interval.load(Ordering::Relaxed);
        let burst = self.burst.load(Ordering::Relaxed);
        let untimed_max = self.untimed_max.load(Ordering::Relaxed);
        let arrival = bucket.arrival().max(now).saturating_add(bucket.untimed().saturating_mul(interval));
        let ahead = arrival - now;
        if ahead > burst {
            return Err(Duration::from_nanos(ahead - burst));
        }
        let has_room = ahead.saturating_add(untimed_max.saturating_mul(interval)) <= burst;
        let count = if untimed_max > 0 && has_room { 0 } else { LOOK };
        Ok(Bucket::new(arrival.saturating_add(interval), count))
    }

    /// As [`admit`](Self::admit), for a call that leaves a place to each of those who wait.
    pub(super) fn admit_behind(&self, waiting: usize, bucket: Bucket, now: u64) -> Result<Bucket, Duration> {
        if waiting > 0 {
            let owed = self.interval.load(Ordering::Relaxed).saturating_mul(waiting as u64);
            let arrival = bucket.arrival().max(now).saturating_add(owed);
            self.admit(Bucket::new(arrival, bucket.count()), now)?;
        }
        self.admit(bucket, now)
    }

    /// The rate as it was set, but that calls are a whole number of nanoseconds apart.
    pub(super) fn get(&self) -> (u64, Duration) {
        let interval = self.interval.load(Ordering::Relaxed);
        let num = self.burst.load(Ordering::Relaxed) / interval + 1;
        (num, Duration::from_nanos(interval.saturating_mul(num)))
    }
}

/// One bucket, which many threads take from.
#[derive(Debug)]
pub(super) struct Gcra {
    bucket: AtomicU64,
    rate: Rate,
    epoch: Epoch,
    /// Calls that wait for their time.
    pub(super) waiting: AtomicUsize,
}

impl Gcra {
    pub(super) fn new(num: u64, per: Duration) -> Self {
        let (rate, bucket) = (Rate::new(num, per), AtomicU64::new(Bucket::FULL.0));
        Self { bucket, rate, epoch: Epoch::new(), waiting: AtomicUsize::new(0) }
    }

    pub(super) fn rate(&self) -> &Rate {
        &self.rate
    }

    fn bucket(&self) -> Bucket {
        // ORDERING: Relaxed, here and below: the word is all there is to be seen.
        Bucket(self.bucket.load(Ordering::Relaxed))
    }

    /// Moves the bucket from one state to another, or tells what it is in.
    fn try_move(&self, from: Bucket, to: Bucket) -> Result<(), Bucket> {
        let outcome = self.bucket.compare_exchange_weak(from.0, to.0, Ordering::Relaxed, Ordering::Relaxed);
        outcome.map(|_| ()).map_err(Bucket)
    }

    /// Takes a place now, or says how long until there is one.
    #[inline]
    pub(super) fn try_take(&self) -> Result<(), Duration> {
        if self.try_take_untimed() { Ok(()) } else { self.look() }
    }

    #[inline(never)]
    fn look(&self) -> Result<(), Duration> {
        self.try_take_at(self.epoch.now())
    }

    /// Takes a place without a look at the clock, if there may be such a call.
    #[inline]
    pub(super) fn try_take_untimed(&self) -> bool {
        let mut bucket = self.bucket();
        while let Some(next) = self.rate.admit_untimed(bucket) {
            match self.try_move(bucket, next) {
                Ok(()) => return true,
                Err(current) => bucket = current,
            }
        }
        false
    }

    pub(super) fn try_take_at(&self, now: u64) -> Result<(), Duration> {
        let mut bucket = self.bucket();
        loop {
            match self.try_move(bucket, self.rate.admit(bucket, now)?) {
                Ok(()) => return Ok(()),
                Err(current) => bucket = current,
            }
        }
    }

    /// How far ahead of `now` the bucket is, untimed calls included.
    #[cfg(all(test, loom))]
    pub(super) fn ahead(&self, now: u64) -> u64 {
        let (bucket, interval) = (self.bucket(), self.rate.interval.load(Ordering::Relaxed));
        bucket.arrival().max(now) + bucket.untimed() * interval - now
    }

    /// Returns a place that was taken and not used.
    pub(super) fn give_back(&self) {
        let interval = self.rate.interval.load(Ordering::Relaxed);
        let mut bucket = self.bucket();
        loop {
            let next = Bucket::new(bucket.arrival().saturating_sub(interval), bucket.count());
            match self.try_move(bucket, next) {
                Ok(()) => return,
                Err(current) => bucket = current,
            }
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

    /// Takes a place as callers do, with `now` for the clock.
    fn take(gcra: &Gcra, now: u64) -> bool {
        gcra.try_take_untimed() || gcra.try_take_at(now).is_ok()
    }

    #[test]
    fn untimed_calls_are_never_more_and_few_less_than_timed_ones() {
        // The oracle looks at the clock each time, and is told of what the other let through.
        for seed in 1..=60 {
            let num = [4, 16, 100, 1000][seed as usize % 4];
            let gcra = Gcra::new(num, Duration::from_secs(1));
            let interval = SECOND / num;
            let mut strict: u64 = 0;
            let (mut now, mut state) = (0, seed);
            for step in 0..4000 {
                let random = crate::random::step(&mut state);
                now += match random % 50 {
                    0 => random >> 33,
                    1..10 => random >> 43,
                    _ => 0,
                };
                let arrival = strict.max(now);
                let may_pass = arrival - now <= interval * (num - 1);
                let has_passed = take(&gcra, now);
                assert!(may_pass || !has_passed, "seed {seed}, step {step}: one too many");
                let spare = (interval * (num - 1)).saturating_sub(arrival - now) / interval;
                assert!(has_passed || spare <= num / 16 + 1, "seed {seed}, step {step}: {spare} to spare");
                if has_passed {
                    strict = arrival + interval;
                }
            }
        }
    }

    #[test]
    fn a_whole_burst_passes_at_once_whatever_is_untimed() {
        for num in [1, 15, 16, 17, 100, 1000, 5000] {
            let gcra = Gcra::new(num, Duration::from_secs(10));
            let passed = (0..2 * num).filter(|_| take(&gcra, SECOND)).count() as u64;
            assert_eq!(passed, num);
        }
    }

    #[test]
    fn fourteen_of_fifteen_calls_of_a_large_burst_do_not_look_at_the_clock() {
        let gcra = Gcra::new(100_000, Duration::from_secs(1));
        let mut looks = 0;
        for _ in 0..1500 {
            if !gcra.try_take_untimed() {
                looks += 1;
                gcra.try_take_at(SECOND).unwrap();
            }
        }
        assert_eq!(looks, 100);
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
