//! How a breaker behaves: told before it is used, and changed while calls run.
//!
//! These are read where a failure is judged and where a breaker opens, probes or refuses. The usual call of a closed breaker
//! reads none of them, so they may be words of their own.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::window::{Counts, WindowKind};
use crate::clock::nanos;

#[derive(Debug)]
pub(super) struct Settings {
    /// Bits of an `f64`.
    failure_rate: AtomicU64,
    calls_min: AtomicU32,
    probes: AtomicU32,
    open_for: Mutex<RangeInclusive<Duration>>,
    /// Nanoseconds; zero where slow calls are not told from others, which stays so once calls run.
    slow: AtomicU64,
    /// Stays as it is once calls run.
    window: WindowKind,
}

impl Settings {
    pub(super) fn new(failure_rate: f64) -> Self {
        let settings = Self {
            failure_rate: AtomicU64::new(0),
            calls_min: AtomicU32::new(20),
            probes: AtomicU32::new(5),
            open_for: Mutex::new(Duration::from_secs(5)..=Duration::from_secs(60)),
            slow: AtomicU64::new(0),
            window: WindowKind::Calls(100),
        };
        settings.set_failure_rate(failure_rate);
        settings
    }

    pub(super) fn failure_rate(&self) -> f64 {
        f64::from_bits(self.failure_rate.load(Ordering::Relaxed))
    }

    pub(super) fn set_failure_rate(&self, rate: f64) {
        assert!(rate > 0.0 && rate <= 1.0, "`failure_rate` is {rate}, not in (0, 1]");
        self.failure_rate.store(rate.to_bits(), Ordering::Relaxed);
    }

    pub(super) fn calls_min(&self) -> u32 {
        self.calls_min.load(Ordering::Relaxed)
    }

    pub(super) fn set_calls_min(&self, calls: u32) {
        assert!(calls > 0, "`calls_min` is zero: nothing would have been seen");
        check_within(calls, self.window);
        self.calls_min.store(calls, Ordering::Relaxed);
    }

    pub(super) fn probes(&self) -> u32 {
        self.probes.load(Ordering::Relaxed)
    }

    pub(super) fn set_probes(&self, probes: u32) {
        assert!((1..=10_000).contains(&probes), "`probes` is {probes}, not within 1 to 10000");
        self.probes.store(probes, Ordering::Relaxed);
    }

    pub(super) fn open_for(&self) -> RangeInclusive<Duration> {
        self.open_for.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_open_for(&self, durations: RangeInclusive<Duration>) {
        assert!(!durations.is_empty(), "`open_for` is an empty range");
        assert!(!durations.start().is_zero(), "`open_for` begins at zero: the breaker would never be open");
        *self.open_for.lock().unwrap_or_else(PoisonError::into_inner) = durations;
    }

    /// From when on a call is slow, in nanoseconds, where slow calls are told from others.
    pub(super) fn slow(&self) -> Option<u64> {
        let slow = self.slow.load(Ordering::Relaxed);
        (slow > 0).then_some(slow)
    }

    pub(super) fn set_slow(&self, duration: Duration) {
        assert!(!duration.is_zero(), "`slow_call` is zero: every call would be a failure");
        self.slow.store(nanos(duration), Ordering::Relaxed);
    }

    pub(super) const fn window(&self) -> WindowKind {
        self.window
    }

    pub(super) fn set_window(&mut self, window: WindowKind) {
        match window {
            WindowKind::Calls(calls) => {
                assert!(
                    (2..=1_000_000).contains(&calls),
                    "`window` of {calls} calls, not within 2 to 1000000"
                );
            }
            WindowKind::Time(span) => assert!(!span.is_zero(), "`window` of no time"),
        }
        check_within(self.calls_min(), window);
        self.window = window;
    }

    /// Whether there are so many failures that the breaker is to open.
    #[cold]
    pub(super) fn is_too_much(&self, counts: Counts) -> bool {
        counts.calls >= u64::from(self.calls_min())
            && counts.failures as f64 >= self.failure_rate() * counts.calls as f64
    }
}

fn check_within(calls_min: u32, window: WindowKind) {
    if let WindowKind::Calls(calls) = window {
        assert!(calls_min <= calls, "`calls_min` is {calls_min}, more than the {calls} calls of `window`");
    }
}
