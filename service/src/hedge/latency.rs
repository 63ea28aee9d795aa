//! Which latency is exceeded by so many in a hundred.
//!
//! A histogram of atomic counts: eight buckets for each power of two of microseconds, so a bound is right to an eighth.
//! The percentile is worked out now and then and kept in one word; old counts are halved at the same time, so that
//! newer latencies weigh more.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

const SUB_BITS: u32 = 3;
const BUCKETS: usize = 256;
/// Latencies between two looks at the histogram.
const PERIOD: u32 = 128;
/// Counts above which old ones are halved.
const MEMORY: u64 = 8192;

#[derive(Debug)]
pub(super) struct Latency {
    percent: u64,
    counts: Box<[AtomicU32]>,
    seen: AtomicU32,
    /// Microseconds.
    bound: AtomicU64,
}

fn bucket(micros: u64) -> usize {
    let micros = micros.max(1);
    let exponent = micros.ilog2();
    let sub =
        if exponent >= SUB_BITS { micros >> (exponent - SUB_BITS) } else { micros << (SUB_BITS - exponent) };
    let index = (exponent as usize) << SUB_BITS | (sub as usize & ((1 << SUB_BITS) - 1));
    index.min(BUCKETS - 1)
}

/// The upper end of a bucket in microseconds.
fn upper(bucket: usize) -> u64 {
    let exponent = bucket >> SUB_BITS;
    let sub = (bucket & ((1 << SUB_BITS) - 1)) as u64 + 1;
    ((1_u64 << exponent) + ((sub << exponent) >> SUB_BITS)).max(1)
}

impl Latency {
    /// Watches which latency `percent` of a hundred keep below; `first` until enough is known.
    pub(super) fn new(percent: u32, first: Duration) -> Self {
        let first = u64::try_from(first.as_micros()).unwrap_or(u64::MAX);
        Self {
            percent: u64::from(percent),
            counts: (0..BUCKETS).map(|_| AtomicU32::new(0)).collect(),
            seen: AtomicU32::new(0),
            bound: AtomicU64::new(first),
        }
    }

    pub(super) fn bound(&self) -> Duration {
        Duration::from_micros(self.bound.load(Ordering::Relaxed))
    }

    pub(super) fn note(&self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.counts[bucket(micros)].fetch_add(1, Ordering::Relaxed);
        let seen = self.seen.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        if seen.is_multiple_of(PERIOD) {
            self.work_out();
        }
    }

    fn work_out(&self) {
        let total: u64 = self.counts.iter().map(|count| u64::from(count.load(Ordering::Relaxed))).sum();
        let wanted = (total * self.percent).div_ceil(100);
        let mut below = 0;
        for (index, count) in self.counts.iter().enumerate() {
            below += u64::from(count.load(Ordering::Relaxed));
            if below >= wanted {
                self.bound.store(upper(index), Ordering::Relaxed);
                break;
            }
        }
        if total > MEMORY {
            for count in &self.counts {
                // A latency noted in between may be lost: the histogram is a sample in any case.
                count.store(count.load(Ordering::Relaxed) / 2, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_latency_lies_below_the_upper_end_of_its_bucket_and_near_it() {
        for micros in (1..5000).chain([1 << 20, (1 << 30) + 12345]) {
            let upper = upper(bucket(micros));
            assert!(upper >= micros, "{micros}: {upper}");
            assert!(micros < 16 || upper <= micros + micros / 8 + 1, "{micros}: {upper}");
        }
    }

    #[test]
    fn the_bound_is_the_percentile_to_an_eighth() {
        let latency = Latency::new(90, Duration::from_secs(1));
        assert_eq!(latency.bound(), Duration::from_secs(1));
        for round in 0..10 {
            for micros in 1..=1000 {
                latency.note(Duration::from_micros((micros * 7919 + round) % 1000 + 1));
            }
        }
        let bound = latency.bound().as_micros();
        assert!((900..=1024).contains(&bound), "{bound}");
    }

    #[test]
    fn new_latencies_displace_old_ones() {
        let latency = Latency::new(50, Duration::from_secs(1));
        (0..20_000).for_each(|_| latency.note(Duration::from_millis(1)));
        (0..40_000).for_each(|_| latency.note(Duration::from_millis(64)));
        assert!(latency.bound() >= Duration::from_millis(60), "{:?}", latency.bound());
    }
}
