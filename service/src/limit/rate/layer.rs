//! The layer of [`RateLimit`], which owns the limit.

use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use super::RateLimit;
use super::gcra::Gcra;
use crate::limit::{Backpressure, Reject};

/// A layer that bounds the calls in a span of time, over all services it makes.
#[derive(Debug, Clone)]
pub struct RateLimitLayer<M = Backpressure> {
    gcra: Arc<Gcra>,
    mode: M,
}

impl RateLimitLayer {
    /// `num` calls in each span of `per`; `poll_ready` waits for the next one's time.
    ///
    /// # Panics
    ///
    /// If `num` or `per` is zero.
    #[must_use]
    pub fn new(num: u64, per: Duration) -> Self {
        Self { gcra: Arc::new(Gcra::new(num, per)), mode: Backpressure }
    }
}

impl RateLimitLayer<Reject> {
    /// `num` calls in each span of `per`; others are refused and told when to come back.
    ///
    /// # Panics
    ///
    /// If `num` or `per` is zero.
    #[must_use]
    pub fn rejecting(num: u64, per: Duration) -> Self {
        Self { gcra: Arc::new(Gcra::new(num, per)), mode: Reject }
    }
}

impl<S, M: Clone> Layer<S> for RateLimitLayer<M> {
    type Service = RateLimit<S, M>;

    fn layer(&self, inner: S) -> Self::Service {
        RateLimit::new(inner, self.gcra.clone(), self.mode.clone())
    }
}
