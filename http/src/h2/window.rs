//! How large a window a connection needs: what it carries in one round trip, as measured by PING.
//!
//! A window that is smaller than that makes the sender wait for us. So while data arrive, a PING is under way: what
//! arrived until its answer is what the path held. Where that is most of the window, and came faster than ever before,
//! the window was the limit and is doubled.

use std::time::Duration;

use crate::clock::Instant;

/// The least time between two measurements, and the most, once they have shown nothing new.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// Measures one connection.
#[derive(Debug)]
pub(crate) struct Estimator {
    window: u32,
    /// LIMIT: the largest window, since its bytes may all arrive before a handler reads any.
    window_max: u32,
    /// The PING under way: when it left, and how many bytes had arrived then.
    sample: Option<(Instant, u64)>,
    /// Bytes that had arrived when the last measurement ended.
    seen: u64,
    bytes_per_second: f64,
    pause: Duration,
    not_before: Option<Instant>,
}

impl Estimator {
    pub(crate) fn new(window: u32, window_max: u32) -> Self {
        Self {
            window,
            window_max,
            sample: None,
            seen: 0,
            bytes_per_second: 0.0,
            pause: PAUSE_MIN,
            not_before: None,
        }
    }

    /// Whether a PING is to be sent, when so many bytes of data have arrived in all.
    pub(crate) fn wants_ping(&self, bytes: u64, now: Instant) -> bool {
        self.sample.is_none()
            && bytes > self.seen
            && self.window < self.window_max
            && self.not_before.is_none_or(|at| now >= at)
    }

    /// The PING has been sent.
    pub(crate) fn handle_ping(&mut self, bytes: u64, now: Instant) {
        self.sample = Some((now, bytes));
    }

    /// It has been answered; the window to set from now on, where that is another.
    pub(crate) fn handle_pong(&mut self, bytes: u64, now: Instant) -> Option<u32> {
        let (sent, before) = self.sample.take()?;
        self.seen = bytes;
        let carried = bytes.saturating_sub(before);
        let took = now.saturating_duration_since(sent).max(Duration::from_micros(1));
        let bytes_per_second = carried as f64 / took.as_secs_f64();
        let is_full = carried.saturating_mul(3) >= u64::from(self.window) * 2;
        if !is_full || bytes_per_second <= self.bytes_per_second {
            self.not_before = now.checked_add(self.pause);
            self.pause = (self.pause * 4).min(PAUSE_MAX);
            return None;
        }
        self.bytes_per_second = bytes_per_second;
        self.pause = PAUSE_MIN;
        self.not_before = None;
        let doubled = u32::try_from(carried.saturating_mul(2)).unwrap_or(u32::MAX);
        self.window = doubled.clamp(self.window, self.window_max);
        Some(self.window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    /// One path, in steps of its round trip: what the sender may have in flight arrives, if the path can carry it.
    fn settle(bytes_per_trip: u64, trip: Duration, window_max: u32) -> u32 {
        let mut estimator = Estimator::new(65_535, window_max);
        let (mut now, mut bytes) = (Instant::now(), 1);
        for _ in 0..1000 {
            if estimator.wants_ping(bytes, now) {
                estimator.handle_ping(bytes, now);
            }
            let carried = u64::from(estimator.window).min(bytes_per_trip);
            bytes += carried;
            // What the path cannot carry waits in its queue, and the answer with it.
            now += trip;
            estimator.handle_pong(bytes, now);
        }
        estimator.window
    }

    #[test]
    fn a_window_grows_to_what_the_path_carries_and_a_little_more() {
        for bytes_per_trip in [100_000, 1_000_000, 5_000_000] {
            let window = settle(bytes_per_trip, 50 * MILLISECOND, 1 << 24);
            assert!(u64::from(window) >= bytes_per_trip, "{window} for {bytes_per_trip}");
            assert!(u64::from(window) <= 2 * bytes_per_trip.max(65_535), "{window} for {bytes_per_trip}");
        }
    }

    #[test]
    fn a_window_does_not_grow_without_need_or_beyond_its_limit() {
        assert_eq!(settle(10_000, 50 * MILLISECOND, 1 << 24), 65_535);
        assert_eq!(settle(1 << 30, 50 * MILLISECOND, 1 << 20), 1 << 20);
        let full = Estimator::new(1 << 20, 1 << 20);
        assert!(!full.wants_ping(1, Instant::now()));
    }

    #[test]
    fn measurements_that_show_nothing_become_rare() {
        let mut estimator = Estimator::new(65_535, 1 << 24);
        let start = Instant::now();
        let mut pings = 0;
        for step in 0..100_000u32 {
            let now = start + step * MILLISECOND;
            if estimator.wants_ping(u64::from(step) * 10 + 1, now) {
                pings += 1;
                estimator.handle_ping(u64::from(step) * 10 + 1, now);
                assert_eq!(estimator.handle_pong(u64::from(step) * 10 + 2, now + MILLISECOND), None);
            }
        }
        assert!((5..20).contains(&pings), "{pings} in a hundred seconds");
    }

    #[test]
    fn a_clock_that_stands_still_is_no_division_by_zero() {
        let now = Instant::now();
        let mut estimator = Estimator::new(10, 100);
        estimator.handle_ping(0, now);
        assert_eq!(estimator.handle_pong(u64::MAX, now), Some(100));
        assert_eq!(estimator.handle_pong(u64::MAX, now), None);
    }
}
