//! The service whose calls have tasks.

use std::task::{Context, Poll};

use tower_service::Service;

use super::{OffloadError, ResponseFuture};
use crate::clock::spawn_owned;
use crate::deadline::Deadline;

crate::access::access_inner! {
    impl<S> Offload<S>;
}

/// A service whose calls run on tasks of their own.
#[derive(Debug, Clone, Copy)]
pub struct Offload<S> {
    inner: S,
}

impl<S> Offload<S> {
    /// Runs the calls of `inner` on tasks.
    pub const fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S, Request> Service<Request> for Offload<S>
where
    S: Service<Request>,
    S::Future: Send + 'static,
    S::Response: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = S::Response;
    type Error = OffloadError<S::Error>;
    type Future = ResponseFuture<S::Response, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(OffloadError::Inner)
    }

    /// # Panics
    ///
    /// Outside a runtime.
    fn call(&mut self, request: Request) -> Self::Future {
        let call = self.inner.call(request);
        ResponseFuture::new(match Deadline::current() {
            Some(deadline) => spawn_owned(deadline.scope(call)),
            None => spawn_owned(call),
        })
    }
}
