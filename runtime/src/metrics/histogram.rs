//! Durations by their size.
//!
//! Two buckets per power of two, from 64 ns to 17 s, so that a bucket's bounds are at most half apart: a fixed size, and
//! no arithmetic but shifts (the H2 histogram of Yang and Yue, with one bit of precision).

use std::ops::Range;
use std::time::Duration;

use super::Counter;

/// The first bucket ends at this power of two, in nanoseconds.
const FIRST_POWER: u32 = 6;
/// The last bucket begins at this one.
const LAST_POWER: u32 = 34;

/// All of them.
pub(super) const BUCKETS: usize = 2 + 2 * (LAST_POWER - FIRST_POWER) as usize;

#[derive(Debug)]
pub(crate) struct Histogram([Counter; BUCKETS]);

impl Histogram {
    pub(super) const fn new() -> Self {
        Self([const { Counter::new() }; BUCKETS])
    }

    pub(crate) fn record(&self, nanos: u64) {
        self.0[bucket(nanos)].increment();
    }

    pub(super) fn count(&self, bucket: usize) -> u64 {
        self.0[bucket].get()
    }
}

fn bucket(nanos: u64) -> usize {
    let Some(power) = nanos.checked_ilog2().filter(|&power| power >= FIRST_POWER) else { return 0 };
    if power >= LAST_POWER {
        return BUCKETS - 1;
    }
    let upper_half = (nanos >> (power - 1)) & 1;
    1 + 2 * (power - FIRST_POWER) as usize + usize::from(upper_half != 0)
}

/// Where a bucket begins, in nanoseconds.
fn start(bucket: usize) -> u64 {
    match bucket.checked_sub(1) {
        None => 0,
        Some(steps) => (2 + (steps as u64 & 1)) << (FIRST_POWER as usize + steps / 2 - 1),
    }
}

/// The durations that a bucket counts.
///
/// # Panics
///
/// If there is no such bucket.
#[track_caller]
pub(super) fn range(bucket: usize) -> Range<Duration> {
    assert!(bucket < BUCKETS, "there are {BUCKETS} buckets, and {bucket} is none of them");
    let end = if bucket + 1 == BUCKETS { Duration::MAX } else { Duration::from_nanos(start(bucket + 1)) };
    Duration::from_nanos(start(bucket))..end
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_each_other_from_nothing_to_the_longest_duration() {
        assert_eq!(range(0).start, Duration::ZERO);
        for bucket in 1..BUCKETS {
            assert_eq!(range(bucket - 1).end, range(bucket).start);
        }
        assert_eq!(range(BUCKETS - 1), Duration::from_nanos(1 << LAST_POWER)..Duration::MAX);
    }

    #[test]
    fn a_duration_is_counted_in_the_bucket_whose_range_holds_it() {
        let edges = (0..BUCKETS)
            .flat_map(|bucket| [start(bucket), start(bucket) + 1, start(bucket).saturating_sub(1)]);
        for nanos in edges.chain([u64::MAX, 255, 256, 383, 384, 1_000_000]) {
            assert!(range(bucket(nanos)).contains(&Duration::from_nanos(nanos)), "{nanos}");
        }
    }
}
