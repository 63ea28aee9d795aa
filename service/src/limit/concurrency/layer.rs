//! The layer of [`ConcurrencyLimit`], which owns the limit.

use std::marker::PhantomData;
use std::sync::Arc;

use tower_layer::Layer;

use super::{ConcurrencyHandle, ConcurrencyLimit, UntilResponse};
use crate::before_use::before_use;
use crate::limit::permits::Limit;
use crate::limit::{Backpressure, Mode, Reject, Wait};
use crate::observe::{Observer, Watch};

/// A layer that bounds the calls that run at once, over all services it makes.
#[derive(Debug, Clone)]
pub struct ConcurrencyLimitLayer<M = Backpressure, H = UntilResponse> {
    limit: Arc<Limit>,
    mode: M,
    hold: PhantomData<H>,
}

impl ConcurrencyLimitLayer {
    /// At most `max` calls at once; `poll_ready` waits for room.
    ///
    /// # Panics
    ///
    /// If `max` is zero.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self::with_mode(max, Backpressure)
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
        Self::with_mode(max, Reject)
    }
}

impl ConcurrencyLimitLayer<Wait> {
    /// At most `max` calls at once; others wait as `wait` says.
    ///
    /// # Panics
    ///
    /// If `max` is zero, or `wait` lets nobody wait.
    #[must_use]
    pub fn waiting(max: usize, wait: Wait) -> Self {
        Self::with_mode(max, wait)
    }
}

impl<M> ConcurrencyLimitLayer<M> {
    /// At most `max` calls at once; `mode` says what happens to others.
    ///
    /// # Panics
    ///
    /// If `max` is zero, or beyond 2⁶¹, or if the bounds of `mode` let nobody wait.
    #[must_use]
    pub fn with_mode(max: usize, mode: M) -> Self
    where
        M: Mode,
    {
        mode.check();
        Self::of(Arc::new(Limit::new(max)), mode)
    }

    pub(crate) fn of(limit: Arc<Limit>, mode: M) -> Self {
        Self { limit, mode, hold: PhantomData }
    }
}

impl<M, H> ConcurrencyLimitLayer<M, H> {
    /// Tells `observer` what is refused, and how the limit changes.
    ///
    /// # Panics
    ///
    /// If the layer has been cloned or has made a service or a handle already.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        before_use(&mut self.limit, "observer").watch = Watch::new(observer);
        self
    }

    /// Keeps the place of a call until the body of its response has ended.
    #[cfg(feature = "http")]
    #[must_use]
    pub fn until_body_end(self) -> ConcurrencyLimitLayer<M, super::UntilBodyEnd> {
        ConcurrencyLimitLayer { limit: self.limit, mode: self.mode, hold: PhantomData }
    }

    /// Looks at the limit and changes it while calls run.
    #[must_use]
    pub fn handle(&self) -> ConcurrencyHandle {
        ConcurrencyHandle::new(self.limit.clone())
    }
}

impl<S, M: Clone, H> Layer<S> for ConcurrencyLimitLayer<M, H> {
    type Service = ConcurrencyLimit<S, M, H>;

    fn layer(&self, inner: S) -> Self::Service {
        ConcurrencyLimit::of(inner, self.limit.clone(), self.mode.clone())
    }
}
