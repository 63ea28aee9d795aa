//! The service whose panics are errors.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use tower_service::Service;

use super::{PanicError, Panicked, ResponseFuture};

crate::access::access_inner! {
    impl<S> CatchPanic<S>;
}

/// A service whose panics, in calls and in their futures, are errors.
///
/// A panic in `poll_ready` goes on: there is no call it could be the answer of.
#[derive(Debug, Clone, Copy)]
pub struct CatchPanic<S> {
    inner: S,
}

impl<S> CatchPanic<S> {
    /// Catches the panics of `inner`.
    pub const fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S: Service<Request>, Request> Service<Request> for CatchPanic<S> {
    type Response = S::Response;
    type Error = PanicError<S::Error>;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(PanicError::Inner)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // What the service does after a panic of its own is its business, as with every handler of a server.
        match catch_unwind(AssertUnwindSafe(|| self.inner.call(request))) {
            Ok(future) => ResponseFuture::called(future),
            Err(payload) => ResponseFuture::panicked(Panicked::of(&*payload)),
        }
    }
}
