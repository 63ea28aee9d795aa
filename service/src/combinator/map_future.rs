//! Changes the future of each call.

use std::fmt;
use std::future::Future;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

crate::access::access_inner! {
    impl<S, F> MapFuture<S, F>;
}

/// A service whose response futures are what a function makes of the inner ones.
#[derive(Clone, Copy)]
pub struct MapFuture<S, F> {
    inner: S,
    function: F,
}

impl<S, F> MapFuture<S, F> {
    /// Wraps `inner`.
    pub fn new(inner: S, function: F) -> Self {
        Self { inner, function }
    }

    /// The layer that applies `function`.
    pub fn layer(function: F) -> MapFutureLayer<F> {
        MapFutureLayer::new(function)
    }
}

impl<S: fmt::Debug, F> fmt::Debug for MapFuture<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapFuture").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// The layer of [`MapFuture`].
#[derive(Clone, Copy)]
pub struct MapFutureLayer<F> {
    function: F,
}

impl<F> MapFutureLayer<F> {
    /// A layer that applies `function`.
    pub fn new(function: F) -> Self {
        Self { function }
    }
}

impl<F> fmt::Debug for MapFutureLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapFutureLayer").finish_non_exhaustive()
    }
}

impl<S, F: Clone> Layer<S> for MapFutureLayer<F> {
    type Service = MapFuture<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        MapFuture::new(inner, self.function.clone())
    }
}

impl<S, F, Request, Fut, Response, Error> Service<Request> for MapFuture<S, F>
where
    S: Service<Request>,
    F: FnMut(S::Future) -> Fut,
    Fut: Future<Output = Result<Response, Error>>,
    Error: From<S::Error>,
{
    type Response = Response;
    type Error = Error;
    type Future = Fut;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from)
    }

    fn call(&mut self, request: Request) -> Fut {
        (self.function)(self.inner.call(request))
    }
}
