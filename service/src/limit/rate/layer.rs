//! The layer of [`RateLimit`], which owns the limit.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tower_layer::Layer;

use super::RateLimit;
use super::gcra::Gcra;
use crate::limit::{Backpressure, Reject, Wait};
use crate::observe::{Observer, Watch};

/// A layer that bounds the calls in a span of time, over all services it makes.
#[derive(Debug, Clone)]
pub struct RateLimitLayer<M = Backpressure> {
    gcra: Arc<Gcra>,
    mode: M,
    watch: Watch,
}

impl RateLimitLayer {
    /// `num` calls in each span of `per`; `poll_ready` waits for the next one's time.
    ///
    /// # Panics
    ///
    /// If `num` or `per` is zero, or `num` is more than the nanoseconds of `per`.
    #[must_use]
    pub fn new(num: u64, per: Duration) -> Self {
        Self::with_mode(num, per, Backpressure)
    }
}

impl RateLimitLayer<Reject> {
    /// `num` calls in each span of `per`; others are refused and told when to come back.
    ///
    /// # Panics
    ///
    /// As [`new`](RateLimitLayer::new).
    #[must_use]
    pub fn rejecting(num: u64, per: Duration) -> Self {
        Self::with_mode(num, per, Reject)
    }
}

impl RateLimitLayer<Wait> {
    /// `num` calls in each span of `per`; others wait for their time as `wait` says.
    ///
    /// A call whose time would come too late, for `wait` or for its [deadline](crate::deadline), is refused at once.
    ///
    /// # Panics
    ///
    /// As [`new`](RateLimitLayer::new), and if `wait` has a queue delay, which is for concurrency limits.
    #[must_use]
    pub fn waiting(num: u64, per: Duration, wait: Wait) -> Self {
        wait.check_for_rate();
        Self::with_mode(num, per, wait)
    }
}

impl<M> RateLimitLayer<M> {
    fn with_mode(num: u64, per: Duration, mode: M) -> Self {
        Self { gcra: Arc::new(Gcra::new(num, per)), mode, watch: Watch::default() }
    }

    /// Tells `observer` what is refused.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.watch = Watch::new(observer);
        self
    }

    /// Looks at the limit and changes it while calls run.
    #[must_use]
    pub fn handle(&self) -> RateHandle {
        RateHandle { gcra: self.gcra.clone() }
    }
}

impl<S, M: Clone> Layer<S> for RateLimitLayer<M> {
    type Service = RateLimit<S, M>;

    fn layer(&self, inner: S) -> Self::Service {
        RateLimit::new(inner, self.gcra.clone(), self.mode.clone(), self.watch.clone())
    }
}

/// Looks at a rate limit and changes it while calls run.
#[derive(Debug, Clone)]
pub struct RateHandle {
    gcra: Arc<Gcra>,
}

impl RateHandle {
    /// How many calls are let through, and in how long a span of time; the latter so that calls are a whole number of
    /// nanoseconds apart.
    #[must_use]
    pub fn rate(&self) -> (u64, Duration) {
        self.gcra.rate().get()
    }

    /// Lets `num` calls through in each span of `per` from now on.
    ///
    /// # Panics
    ///
    /// As [`RateLimitLayer::new`].
    pub fn set_rate(&self, num: u64, per: Duration) {
        self.gcra.rate().set(num, per);
    }

    /// How many calls wait for their time.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.gcra.waiting.load(Ordering::Relaxed)
    }
}
