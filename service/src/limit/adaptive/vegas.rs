//! After TCP Vegas: the queue that must exist, by the latency without one.

use super::algorithm::{Algorithm, Window, is_idle};

/// Estimates how many calls are queueing, from the best latency seen, and keeps that number small.
///
/// The best latency is forgotten after some hundreds of windows, so that a callee that has become slower for good is not
/// taken for overloaded.
#[derive(Debug, Clone, Default)]
pub struct Vegas {
    /// Seconds; none until a window has been seen.
    best: Option<f64>,
    windows: u32,
}

/// Windows after which the best latency is measured anew.
const MEMORY: u32 = 600;

impl Vegas {
    /// The algorithm, with nothing learned yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { best: None, windows: 0 }
    }
}

impl Algorithm for Vegas {
    fn next(&mut self, limit: f64, window: &Window) -> f64 {
        let latency = window.latency.as_secs_f64().max(1e-9);
        self.windows += 1;
        if self.windows >= MEMORY {
            self.windows = 0;
            self.best = None;
        }
        let best = self.best.map_or(latency, |best| best.min(window.latency_min.as_secs_f64()).max(1e-9));
        self.best = Some(best);
        let step = limit.log10().max(1.0);
        if window.dropped > 0 {
            return limit - step;
        }
        if is_idle(limit, window) {
            return limit;
        }
        let queue = limit * (1.0 - (best / latency).min(1.0));
        if queue <= step {
            limit + 6.0 * step
        } else if queue < 3.0 * step {
            limit + step
        } else if queue > 6.0 * step {
            limit - step
        } else {
            limit
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_grows_while_latency_is_at_its_best_and_shrinks_when_calls_queue() {
        let mut vegas = Vegas::new();
        let millis = Duration::from_millis;
        assert!(vegas.next(20.0, &Window::of(50, millis(10), 20, 0)) > 20.0);
        assert!(vegas.next(20.0, &Window::of(50, millis(40), 20, 0)) < 20.0);
        assert!(vegas.next(20.0, &Window::of(50, millis(10), 20, 3)) < 20.0);
        assert_eq!(vegas.next(20.0, &Window::of(50, millis(10), 3, 0)), 20.0);
    }
}
