//! A bound that depends on the request.

use std::fmt;
use std::task::{Context, Poll};
use std::time::Duration;

use tower_layer::Layer;
use tower_service::Service;

use super::{ResponseFuture, TimeoutError};

crate::access::access_inner! {
    impl<S, F> RequestTimeout<S, F>;
}

/// Tells how long a request may take. Functions from a request to a duration, or to none for no bound, are such.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not tell how long requests of `{Request}` may take",
    note = "it is told by a function `Fn(&{Request}) -> Option<Duration>`"
)]
pub trait TimeoutFor<Request> {
    /// How long `request` may take.
    fn timeout_for(&self, request: &Request) -> Option<Duration>;
}

#[diagnostic::do_not_recommend]
impl<F, Request> TimeoutFor<Request> for F
where
    F: Fn(&Request) -> Option<Duration>,
{
    fn timeout_for(&self, request: &Request) -> Option<Duration> {
        self(request)
    }
}

/// A service whose calls end with [`TimeoutError::Elapsed`] after as long as their request may take.
#[derive(Clone, Copy)]
pub struct RequestTimeout<S, F> {
    inner: S,
    duration: F,
}

impl<S, F> RequestTimeout<S, F> {
    /// Ends the calls of `inner` after what `duration` says of their request.
    pub const fn new(inner: S, duration: F) -> Self {
        Self { inner, duration }
    }
}

impl<S: fmt::Debug, F> fmt::Debug for RequestTimeout<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestTimeout").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, F, Request> Service<Request> for RequestTimeout<S, F>
where
    S: Service<Request>,
    F: TimeoutFor<Request>,
{
    type Response = S::Response;
    type Error = TimeoutError<S::Error>;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(TimeoutError::Inner)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.duration.timeout_for(&request) {
            Some(duration) => ResponseFuture::new(self.inner.call(request), duration),
            None => ResponseFuture::unbound(self.inner.call(request)),
        }
    }
}

/// The layer of [`RequestTimeout`].
#[derive(Clone, Copy)]
pub struct RequestTimeoutLayer<F> {
    duration: F,
}

impl<F> RequestTimeoutLayer<F> {
    /// A layer that ends calls after what `duration` says of their request.
    #[must_use]
    pub const fn new(duration: F) -> Self {
        Self { duration }
    }
}

impl<F> fmt::Debug for RequestTimeoutLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestTimeoutLayer").finish_non_exhaustive()
    }
}

impl<S, F: Clone> Layer<S> for RequestTimeoutLayer<F> {
    type Service = RequestTimeout<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        RequestTimeout::new(inner, self.duration.clone())
    }
}
