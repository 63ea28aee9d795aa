//! The gradient between the latency now and over a long time.

use super::algorithm::{Algorithm, Window, is_idle};

/// Compares the latency of each window with its long-term average.
///
/// When the two diverge, calls queue, and the limit falls in proportion; when they agree it grows by what may queue
/// without harm. A callee that becomes slower for good becomes the new average.
#[derive(Debug, Clone)]
pub struct Gradient2 {
    tolerance: f64,
    queue: f64,
    smoothing: f64,
    /// Seconds; none until a window has been seen.
    average: Option<f64>,
}

/// Windows over which the long-term average extends.
const AVERAGED: f64 = 600.0;

impl Gradient2 {
    /// The algorithm, with nothing learned yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { tolerance: 1.5, queue: 4.0, smoothing: 0.2, average: None }
    }

    /// Takes latencies up to `factor` times the average for good; 1.5 by default.
    ///
    /// # Panics
    ///
    /// If `factor` is not within 1 and 10.
    #[must_use]
    pub const fn tolerance(mut self, factor: f64) -> Self {
        assert!(factor >= 1.0 && factor <= 10.0, "`tolerance` is not within 1 to 10");
        self.tolerance = factor;
        self
    }

    /// Lets `calls` calls queue; 4 by default. It is by this that the limit grows.
    ///
    /// # Panics
    ///
    /// If `calls` is zero.
    #[must_use]
    pub const fn queue(mut self, calls: usize) -> Self {
        assert!(calls > 0, "`queue` is zero: the limit could not grow");
        self.queue = calls as f64;
        self
    }
}

impl Default for Gradient2 {
    fn default() -> Self {
        Self::new()
    }
}

impl Algorithm for Gradient2 {
    fn next(&mut self, limit: f64, window: &Window) -> f64 {
        let short = window.latency.as_secs_f64().max(1e-9);
        let mut long = self.average.map_or(short, |long| long + (short - long) / AVERAGED);
        if long / short > 2.0 {
            // The average remembers an overload that is over.
            long *= 0.95;
        }
        self.average = Some(long);
        if window.dropped > 0 {
            return limit * 0.9;
        }
        if is_idle(limit, window) {
            return limit;
        }
        let gradient = (self.tolerance * long / short).clamp(0.5, 1.0);
        let target = limit * gradient + self.queue;
        limit + (target - limit) * self.smoothing
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::time::Duration;

    use super::*;

    fn run(gradient: &mut Gradient2, mut limit: f64, windows: usize, latency: impl Fn(f64) -> f64) -> f64 {
        for _ in 0..windows {
            let window = Window::of(50, Duration::from_secs_f64(latency(limit)), limit as usize, 0);
            limit = gradient.next(limit, &window).clamp(1.0, 1000.0);
        }
        limit
    }

    #[test]
    fn it_finds_the_number_beyond_which_calls_queue() {
        // Fifty calls at once take 10 ms each; more of them share the same throughput.
        let model = |limit: f64| 0.010 * (limit / 50.0).max(1.0);
        let mut gradient = Gradient2::new();
        let limit = run(&mut gradient, 10.0, 300, model);
        assert!((40.0..160.0).contains(&limit), "{limit}");
    }

    #[test]
    fn it_recovers_after_an_overload() {
        let mut gradient = Gradient2::new();
        let before = run(&mut gradient, 20.0, 50, |_| 0.010);
        let during = run(&mut gradient, before, 30, |_| 0.100);
        assert!(during < before / 2.0, "{before} {during}");
        let after = run(&mut gradient, during, 100, |_| 0.010);
        assert!(after > during * 2.0, "{during} {after}");
    }
}
