//! Looks at each request on its way in.

use std::fmt;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

crate::access::access_inner! {
    impl<S, F> InspectRequest<S, F>;
}

/// A service that shows each request to a function.
#[derive(Clone, Copy)]
pub struct InspectRequest<S, F> {
    inner: S,
    function: F,
}

impl<S, F> InspectRequest<S, F> {
    /// Wraps `inner`.
    pub fn new(inner: S, function: F) -> Self {
        Self { inner, function }
    }
}

impl<S: fmt::Debug, F> fmt::Debug for InspectRequest<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InspectRequest").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// The layer of [`InspectRequest`].
#[derive(Clone, Copy)]
pub struct InspectRequestLayer<F> {
    function: F,
}

impl<F> InspectRequestLayer<F> {
    /// A layer that calls `function`.
    pub fn new(function: F) -> Self {
        Self { function }
    }
}

impl<F> fmt::Debug for InspectRequestLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InspectRequestLayer").finish_non_exhaustive()
    }
}

impl<S, F: Clone> Layer<S> for InspectRequestLayer<F> {
    type Service = InspectRequest<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        InspectRequest::new(inner, self.function.clone())
    }
}

impl<S, F, Request> Service<Request> for InspectRequest<S, F>
where
    S: Service<Request>,
    F: FnMut(&Request),
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> S::Future {
        (self.function)(&request);
        self.inner.call(request)
    }
}
