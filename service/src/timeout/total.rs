//! A bound on the whole of a call: readiness and answer.

use std::task::{Context, Poll};
use std::time::Duration;

use tower_layer::Layer;
use tower_service::Service;

use super::{ResponseFuture, TimeoutError};
use crate::ext::{Oneshot, ServiceExt};
use crate::reusable::Reusable;

crate::access::access_inner! {
    impl<S> TotalTimeout<S>;
}

/// A service whose calls, waiting for readiness included, end with [`TimeoutError::Elapsed`] after a while.
///
/// It is always ready; the inner service is asked for readiness by the call.
#[derive(Debug, Clone, Copy)]
pub struct TotalTimeout<S> {
    inner: S,
    duration: Duration,
}

impl<S> TotalTimeout<S> {
    /// Ends the calls of `inner` after `duration`.
    ///
    /// # Panics
    ///
    /// If `duration` is zero.
    pub fn new(inner: S, duration: Duration) -> Self {
        super::check(duration);
        Self { inner, duration }
    }
}

impl<S: Service<Request> + Reusable, Request> Service<Request> for TotalTimeout<S> {
    type Response = S::Response;
    type Error = TimeoutError<S::Error>;
    type Future = ResponseFuture<Oneshot<S, Request>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        ResponseFuture::new(self.inner.clone().oneshot(request), self.duration)
    }
}

/// The layer of [`TotalTimeout`].
#[derive(Debug, Clone, Copy)]
pub struct TotalTimeoutLayer {
    duration: Duration,
}

impl TotalTimeoutLayer {
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

impl<S> Layer<S> for TotalTimeoutLayer {
    type Service = TotalTimeout<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TotalTimeout::new(inner, self.duration)
    }
}
