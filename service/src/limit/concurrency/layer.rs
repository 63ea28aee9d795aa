//! The layer of [`ConcurrencyLimit`], which owns the limit.

use std::sync::Arc;

use tower_layer::Layer;

use super::ConcurrencyLimit;
use crate::limit::permits::Permits;
use crate::limit::{Backpressure, Reject, Wait};

/// A layer that bounds the calls that run at once, over all services it makes.
#[derive(Debug, Clone)]
pub struct ConcurrencyLimitLayer<M = Backpressure> {
    permits: Arc<Permits>,
    mode: M,
}

impl ConcurrencyLimitLayer {
    /// At most `max` calls at once; `poll_ready` waits for room.
    ///
    /// # Panics
    ///
    /// If `max` is zero.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self { permits: Permits::new(max), mode: Backpressure }
    }
}

impl ConcurrencyLimitLayer<Reject> {
    /// At most `max` calls at once; others are refused.
    ///
    /// # Panics
    ///
    /// If `max` is zero.
    #[must_use]
    pub fn rejecting(max: usize) -> Self {
        Self { permits: Permits::new(max), mode: Reject }
    }
}

impl ConcurrencyLimitLayer<Wait> {
    /// At most `max` calls at once; others wait as `wait` says.
    ///
    /// # Panics
    ///
    /// If `max` is zero.
    #[must_use]
    pub fn waiting(max: usize, wait: Wait) -> Self {
        Self { permits: Permits::new(max), mode: wait }
    }
}

impl<S, M: Clone> Layer<S> for ConcurrencyLimitLayer<M> {
    type Service = ConcurrencyLimit<S, M>;

    fn layer(&self, inner: S) -> Self::Service {
        ConcurrencyLimit::new(inner, self.permits.clone(), self.mode.clone())
    }
}
