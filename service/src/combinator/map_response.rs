//! Changes the response of a call that went well.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

crate::access::access_inner! {
    impl<S, F> MapResponse<S, F>;
}

/// A service whose responses are what a function makes of the inner ones.
#[derive(Clone, Copy)]
pub struct MapResponse<S, F> {
    inner: S,
    function: F,
}

impl<S, F> MapResponse<S, F> {
    /// Wraps `inner`.
    pub fn new(inner: S, function: F) -> Self {
        Self { inner, function }
    }

    /// The layer that applies `function`.
    pub fn layer(function: F) -> MapResponseLayer<F> {
        MapResponseLayer::new(function)
    }
}

impl<S: fmt::Debug, F> fmt::Debug for MapResponse<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapResponse").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// The layer of [`MapResponse`].
#[derive(Clone, Copy)]
pub struct MapResponseLayer<F> {
    function: F,
}

impl<F> MapResponseLayer<F> {
    /// A layer that applies `function`.
    pub fn new(function: F) -> Self {
        Self { function }
    }
}

impl<F> fmt::Debug for MapResponseLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapResponseLayer").finish_non_exhaustive()
    }
}

impl<S, F: Clone> Layer<S> for MapResponseLayer<F> {
    type Service = MapResponse<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        MapResponse::new(inner, self.function.clone())
    }
}

impl<S, F, Request, Response> Service<Request> for MapResponse<S, F>
where
    S: Service<Request>,
    F: FnOnce(S::Response) -> Response + Clone,
{
    type Response = Response;
    type Error = S::Error;
    type Future = MapResponseFuture<S::Future, F>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        MapResponseFuture { inner: self.inner.call(request), function: Some(self.function.clone()) }
    }
}

pin_project! {
    /// The future of [`MapResponse`].
    #[must_use = "futures do nothing unless polled"]
    pub struct MapResponseFuture<Fut, F> {
        #[pin]
        inner: Fut,
        function: Option<F>,
    }
}

impl<Fut, F, From, To, Error> Future for MapResponseFuture<Fut, F>
where
    Fut: Future<Output = Result<From, Error>>,
    F: FnOnce(From) -> To,
{
    type Output = Result<To, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = std::task::ready!(this.inner.poll(cx));
        let function = this.function.take().expect("polled after completion");
        Poll::Ready(result.map(function))
    }
}

impl<Fut, F> fmt::Debug for MapResponseFuture<Fut, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapResponseFuture").finish_non_exhaustive()
    }
}
