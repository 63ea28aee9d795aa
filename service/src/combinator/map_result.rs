//! Changes the outcome of a call, good or bad.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

crate::access::access_inner! {
    impl<S, F> MapResult<S, F>;
}

/// A service whose results are what a function makes of the inner ones.
#[derive(Clone, Copy)]
pub struct MapResult<S, F> {
    inner: S,
    function: F,
}

impl<S, F> MapResult<S, F> {
    /// Wraps `inner`.
    pub fn new(inner: S, function: F) -> Self {
        Self { inner, function }
    }

    /// The layer that applies `function`.
    pub fn layer(function: F) -> MapResultLayer<F> {
        MapResultLayer::new(function)
    }
}

impl<S: fmt::Debug, F> fmt::Debug for MapResult<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapResult").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// The layer of [`MapResult`].
#[derive(Clone, Copy)]
pub struct MapResultLayer<F> {
    function: F,
}

impl<F> MapResultLayer<F> {
    /// A layer that applies `function`.
    pub fn new(function: F) -> Self {
        Self { function }
    }
}

impl<F> fmt::Debug for MapResultLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapResultLayer").finish_non_exhaustive()
    }
}

impl<S, F: Clone> Layer<S> for MapResultLayer<F> {
    type Service = MapResult<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        MapResult::new(inner, self.function.clone())
    }
}

impl<S, F, Request, Response, Error> Service<Request> for MapResult<S, F>
where
    S: Service<Request>,
    Error: From<S::Error>,
    F: FnOnce(Result<S::Response, S::Error>) -> Result<Response, Error> + Clone,
{
    type Response = Response;
    type Error = Error;
    type Future = MapResultFuture<S::Future, F>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Error::from)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        MapResultFuture { inner: self.inner.call(request), function: Some(self.function.clone()) }
    }
}

pin_project! {
    /// The future of [`MapResult`].
    #[must_use = "futures do nothing unless polled"]
    pub struct MapResultFuture<Fut, F> {
        #[pin]
        inner: Fut,
        function: Option<F>,
    }
}

impl<Fut, F, To> Future for MapResultFuture<Fut, F>
where
    Fut: Future,
    F: FnOnce(Fut::Output) -> To,
{
    type Output = To;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = std::task::ready!(this.inner.poll(cx));
        let function = this.function.take().expect("polled after completion");
        Poll::Ready(function(result))
    }
}

impl<Fut, F> fmt::Debug for MapResultFuture<Fut, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapResultFuture").finish_non_exhaustive()
    }
}
