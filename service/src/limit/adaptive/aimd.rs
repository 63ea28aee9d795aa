//! Additive increase, multiplicative decrease.

use std::time::Duration;

use super::algorithm::{Algorithm, Window, is_idle};

/// One more while all goes well; a tenth less when calls are dropped or take too long.
#[derive(Debug, Clone)]
pub struct Aimd {
    latency_max: Option<Duration>,
    decrease: f64,
}

impl Aimd {
    /// Reacts to dropped calls alone.
    #[must_use]
    pub const fn new() -> Self {
        Self { latency_max: None, decrease: 0.9 }
    }

    /// Takes an average latency above `latency` for overload, too.
    ///
    /// # Panics
    ///
    /// If `latency` is zero.
    #[must_use]
    pub const fn latency_max(mut self, latency: Duration) -> Self {
        assert!(!latency.is_zero(), "`latency_max` is zero: every call would be overload");
        self.latency_max = Some(latency);
        self
    }

    /// Multiplies the limit with `factor` when there is overload; 0.9 by default.
    ///
    /// # Panics
    ///
    /// If `factor` is not within 0.1 and 0.99.
    #[must_use]
    pub const fn decrease(mut self, factor: f64) -> Self {
        assert!(factor >= 0.1 && factor <= 0.99, "`decrease` is not within 0.1 to 0.99");
        self.decrease = factor;
        self
    }
}

impl Default for Aimd {
    fn default() -> Self {
        Self::new()
    }
}

impl Algorithm for Aimd {
    fn next(&mut self, limit: f64, window: &Window) -> f64 {
        let is_slow = self.latency_max.is_some_and(|max| window.latency > max);
        if window.dropped > 0 || is_slow {
            limit * self.decrease
        } else if is_idle(limit, window) {
            limit
        } else {
            limit + 1.0
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const FAST: Duration = Duration::from_millis(1);

    #[test]
    fn it_climbs_by_one_and_falls_by_a_tenth() {
        let mut aimd = Aimd::new();
        assert_eq!(aimd.next(20.0, &Window::of(50, FAST, 20, 0)), 21.0);
        assert_eq!(aimd.next(20.0, &Window::of(50, FAST, 20, 1)), 18.0);
        assert_eq!(aimd.next(20.0, &Window::of(50, FAST, 5, 0)), 20.0, "unused room is not tried");
    }

    #[test]
    fn slow_answers_count_where_a_bound_is_set() {
        let slow = Window::of(50, 3 * FAST, 20, 0);
        assert_eq!(Aimd::new().next(20.0, &slow), 21.0);
        assert_eq!(Aimd::new().latency_max(2 * FAST).next(20.0, &slow), 18.0);
    }

    #[test]
    #[should_panic(expected = "`decrease`")]
    fn a_factor_that_is_no_number_is_refused() {
        let _ = Aimd::new().decrease(f64::NAN);
    }
}
