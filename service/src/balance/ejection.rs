//! When an instance is left out.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::breaker::WindowKind;

/// When an instance is left out, and for how long.
#[derive(Debug, Clone, PartialEq)]
pub struct Ejection {
    pub(super) in_a_row: u32,
    pub(super) rate: Option<f64>,
    pub(super) calls_min: u32,
    pub(super) duration: RangeInclusive<Duration>,
    pub(super) max_percent: u32,
    pub(super) panic_percent: u32,
}

/// Calls over which a rate of failures is measured.
pub(super) const WINDOW: WindowKind = WindowKind::Calls(100);

impl Ejection {
    /// Leaves an instance out after five failures in a row, or when half of its last hundred calls failed, for thirty
    /// seconds up to five minutes, but no more than half of the set; when fewer than a third would be left, all are
    /// used.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            in_a_row: 5,
            rate: Some(0.5),
            calls_min: 20,
            duration: Duration::from_secs(30)..=Duration::from_secs(300),
            max_percent: 50,
            panic_percent: 33,
        }
    }

    /// Leaves an instance out after so many failures in a row.
    ///
    /// # Panics
    ///
    /// If `failures` is zero.
    #[must_use]
    pub const fn in_a_row(mut self, failures: u32) -> Self {
        assert!(failures > 0, "`in_a_row` is zero: every instance would be left out");
        self.in_a_row = failures;
        self
    }

    /// Leaves an instance out when this fraction of its last hundred calls failed and there were `calls_min` of them;
    /// `None` looks at failures in a row alone.
    ///
    /// # Panics
    ///
    /// If `rate` is not above 0 and at most 1, or `calls_min` is not within 1 and 100.
    #[must_use]
    pub fn rate(mut self, rate: Option<f64>, calls_min: u32) -> Self {
        assert!(rate.is_none_or(|rate| rate > 0.0 && rate <= 1.0), "`rate` is {rate:?}, not in (0, 1]");
        assert!((1..=100).contains(&calls_min), "`calls_min` is {calls_min}, not within 1 to 100");
        self.rate = rate;
        self.calls_min = calls_min;
        self
    }

    /// Leaves an instance out for the shorter, once more as long each further time, up to the longer.
    ///
    /// # Panics
    ///
    /// If the range is empty or begins at zero.
    #[must_use]
    pub fn duration(mut self, duration: RangeInclusive<Duration>) -> Self {
        assert!(!duration.is_empty(), "`duration` is an empty range");
        assert!(!duration.start().is_zero(), "`duration` begins at zero: nothing would be left out");
        self.duration = duration;
        self
    }

    /// Leaves out no more than this part of the set.
    ///
    /// # Panics
    ///
    /// If `percent` is zero or more than 100.
    #[must_use]
    pub const fn max_percent(mut self, percent: u32) -> Self {
        assert!(percent >= 1 && percent <= 100, "`max_percent` is not within 1 to 100");
        self.max_percent = percent;
        self
    }

    /// Uses all instances, whatever is known of them, when less than this part of the set would be left.
    ///
    /// # Panics
    ///
    /// If `percent` is 100 or more: with one instance left out all would be used.
    #[must_use]
    pub const fn panic_percent(mut self, percent: u32) -> Self {
        assert!(percent < 100, "`panic_percent` is not below 100: nothing would ever be left out");
        self.panic_percent = percent;
        self
    }
}

impl Default for Ejection {
    fn default() -> Self {
        Self::new()
    }
}
