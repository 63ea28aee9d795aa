//! Changes the request on its way in.

use std::fmt;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

crate::access::access_inner! {
    impl<S, F> MapRequest<S, F>;
}

/// A service that is called with what a function makes of the request.
#[derive(Clone, Copy)]
pub struct MapRequest<S, F> {
    inner: S,
    function: F,
}

impl<S, F> MapRequest<S, F> {
    /// Wraps `inner`.
    pub fn new(inner: S, function: F) -> Self {
        Self { inner, function }
    }

    /// The layer that applies `function`.
    pub fn layer(function: F) -> MapRequestLayer<F> {
        MapRequestLayer::new(function)
    }
}

impl<S: fmt::Debug, F> fmt::Debug for MapRequest<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapRequest").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// The layer of [`MapRequest`].
#[derive(Clone, Copy)]
pub struct MapRequestLayer<F> {
    function: F,
}

impl<F> MapRequestLayer<F> {
    /// A layer that applies `function`.
    pub fn new(function: F) -> Self {
        Self { function }
    }
}

impl<F> fmt::Debug for MapRequestLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapRequestLayer").finish_non_exhaustive()
    }
}

impl<S, F: Clone> Layer<S> for MapRequestLayer<F> {
    type Service = MapRequest<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        MapRequest::new(inner, self.function.clone())
    }
}

impl<S, F, From, To> Service<From> for MapRequest<S, F>
where
    S: Service<To>,
    F: FnMut(From) -> To,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: From) -> S::Future {
        self.inner.call((self.function)(request))
    }
}
