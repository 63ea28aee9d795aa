//! The layer of [`Timeout`].

use std::time::Duration;

use tower_layer::Layer;

use super::Timeout;

/// A layer that bounds how long each call may take.
#[derive(Debug, Clone, Copy)]
pub struct TimeoutLayer {
    duration: Duration,
}

impl TimeoutLayer {
    /// A layer that ends calls after `duration`.
    ///
    /// # Panics
    ///
    /// If `duration` is zero.
    #[must_use]
    pub const fn new(duration: Duration) -> Self {
        super::check(duration);
        Self { duration }
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = Timeout<S>;

    fn layer(&self, inner: S) -> Timeout<S> {
        Timeout::new(inner, self.duration)
    }
}
