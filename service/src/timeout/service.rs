//! The service with a time bound.

use std::task::{Context, Poll};
use std::time::Duration;

use tower_service::Service;

use super::{ResponseFuture, TimeoutError};

crate::access::access_inner! {
    impl<S> Timeout<S>;
}

/// A service whose calls end with [`TimeoutError::Elapsed`] after a while.
#[derive(Debug, Clone, Copy)]
pub struct Timeout<S> {
    inner: S,
    duration: Duration,
}

impl<S> Timeout<S> {
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

impl<S: Service<Request>, Request> Service<Request> for Timeout<S> {
    type Response = S::Response;
    type Error = TimeoutError<S::Error>;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(TimeoutError::Inner)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        ResponseFuture::new(self.inner.call(request), self.duration)
    }
}
