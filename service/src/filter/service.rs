//! The service behind a predicate.

use std::fmt;
use std::task::{Context, Poll};

use tower_service::Service;

use super::{FilterLayer, Predicate, ResponseFuture};

crate::access::access_inner! {
    impl<S, P> Filter<S, P>;
}

/// A service that sees only the requests its [`Predicate`] lets through.
#[derive(Clone, Copy)]
pub struct Filter<S, P> {
    inner: S,
    predicate: P,
}

impl<S, P> Filter<S, P> {
    /// Shows `inner` what `predicate` lets through.
    pub const fn new(inner: S, predicate: P) -> Self {
        Self { inner, predicate }
    }

    /// The layer with `predicate`.
    pub const fn layer(predicate: P) -> FilterLayer<P> {
        FilterLayer::new(predicate)
    }

    /// Asks the predicate, without a call.
    ///
    /// # Errors
    ///
    /// What the predicate turns the request away with.
    pub fn check<Request>(&mut self, request: Request) -> Result<P::Request, P::Error>
    where
        P: Predicate<Request>,
    {
        self.predicate.check(request)
    }
}

impl<S: fmt::Debug, P> fmt::Debug for Filter<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, P, Request> Service<Request> for Filter<S, P>
where
    P: Predicate<Request>,
    S: Service<P::Request>,
    P::Error: Into<S::Error>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, P::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.predicate.check(request) {
            Ok(request) => ResponseFuture::called(self.inner.call(request)),
            Err(error) => ResponseFuture::refused(error),
        }
    }
}
