//! How a limit moves.

use std::time::Duration;

/// What the calls of a window were like.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Window {
    /// The average latency.
    pub latency: Duration,
    /// The lowest latency.
    pub latency_min: Duration,
    /// The largest number of calls at once.
    pub in_flight_max: usize,
    /// The number of calls.
    pub calls: usize,
    /// The number of calls that failed for want of capacity.
    pub dropped: usize,
}

impl Window {
    /// The window of `calls` like calls, for tests and simulation.
    #[must_use]
    pub const fn of(calls: usize, latency: Duration, in_flight_max: usize, dropped: usize) -> Self {
        Self { latency, latency_min: latency, in_flight_max, calls, dropped }
    }
}

/// Moves a limit. No clock, no lock and no atomics: windows go in and limits come out.
pub trait Algorithm: Send + 'static {
    /// The limit after a window, from the one that held in it. Bounds are applied by the caller.
    fn next(&mut self, limit: f64, window: &Window) -> f64;
}

/// Whether so little of the limit is used that a higher one would not be known to work.
pub(super) fn is_idle(limit: f64, window: &Window) -> bool {
    (window.in_flight_max as f64) < limit / 2.0
}
