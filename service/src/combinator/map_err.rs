//! Changes the error of a call, or of becoming ready.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

crate::access::access_inner! {
    impl<S, F> MapErr<S, F>;
}

/// A service whose errors are what a function makes of the inner ones.
#[derive(Clone, Copy)]
pub struct MapErr<S, F> {
    inner: S,
    function: F,
}

impl<S, F> MapErr<S, F> {
    /// Wraps `inner`.
    pub fn new(inner: S, function: F) -> Self {
        Self { inner, function }
    }

    /// The layer that applies `function`.
    pub fn layer(function: F) -> MapErrLayer<F> {
        MapErrLayer::new(function)
    }
}

impl<S: fmt::Debug, F> fmt::Debug for MapErr<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapErr").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// The layer of [`MapErr`].
#[derive(Clone, Copy)]
pub struct MapErrLayer<F> {
    function: F,
}

impl<F> MapErrLayer<F> {
    /// A layer that applies `function`.
    pub fn new(function: F) -> Self {
        Self { function }
    }
}

impl<F> fmt::Debug for MapErrLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapErrLayer").finish_non_exhaustive()
    }
}

impl<S, F: Clone> Layer<S> for MapErrLayer<F> {
    type Service = MapErr<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        MapErr::new(inner, self.function.clone())
    }
}

impl<S, F, Request, Error> Service<Request> for MapErr<S, F>
where
    S: Service<Request>,
    F: FnOnce(S::Error) -> Error + Clone,
{
    type Response = S::Response;
    type Error = Error;
    type Future = MapErrFuture<S::Future, F>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(self.function.clone())
    }

    fn call(&mut self, request: Request) -> Self::Future {
        MapErrFuture { inner: self.inner.call(request), function: Some(self.function.clone()) }
    }
}

pin_project! {
    /// The future of [`MapErr`].
    #[must_use = "futures do nothing unless polled"]
    pub struct MapErrFuture<Fut, F> {
        #[pin]
        inner: Fut,
        function: Option<F>,
    }
}

impl<Fut, F, Response, From, To> Future for MapErrFuture<Fut, F>
where
    Fut: Future<Output = Result<Response, From>>,
    F: FnOnce(From) -> To,
{
    type Output = Result<Response, To>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = std::task::ready!(this.inner.poll(cx));
        let function = this.function.take().expect("polled after completion");
        Poll::Ready(result.map_err(function))
    }
}

impl<Fut, F> fmt::Debug for MapErrFuture<Fut, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapErrFuture").finish_non_exhaustive()
    }
}
