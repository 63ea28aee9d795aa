//! Looks at the response of each call that went well.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

crate::access::access_inner! {
    impl<S, F> InspectResponse<S, F>;
}

/// A service that shows each response to a function.
#[derive(Clone, Copy)]
pub struct InspectResponse<S, F> {
    inner: S,
    function: F,
}

impl<S, F> InspectResponse<S, F> {
    /// Wraps `inner`.
    pub fn new(inner: S, function: F) -> Self {
        Self { inner, function }
    }
}

impl<S: fmt::Debug, F> fmt::Debug for InspectResponse<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InspectResponse").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// The layer of [`InspectResponse`].
#[derive(Clone, Copy)]
pub struct InspectResponseLayer<F> {
    function: F,
}

impl<F> InspectResponseLayer<F> {
    /// A layer that calls `function`.
    pub fn new(function: F) -> Self {
        Self { function }
    }
}

impl<F> fmt::Debug for InspectResponseLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InspectResponseLayer").finish_non_exhaustive()
    }
}

impl<S, F: Clone> Layer<S> for InspectResponseLayer<F> {
    type Service = InspectResponse<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        InspectResponse::new(inner, self.function.clone())
    }
}

impl<S, F, Request> Service<Request> for InspectResponse<S, F>
where
    S: Service<Request>,
    F: FnOnce(&S::Response) + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = InspectResponseFuture<S::Future, F>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        InspectResponseFuture { inner: self.inner.call(request), function: Some(self.function.clone()) }
    }
}

pin_project! {
    /// The future of [`InspectResponse`].
    #[must_use = "futures do nothing unless polled"]
    pub struct InspectResponseFuture<Fut, F> {
        #[pin]
        inner: Fut,
        function: Option<F>,
    }
}

impl<Fut, F, Response, Error> Future for InspectResponseFuture<Fut, F>
where
    Fut: Future<Output = Result<Response, Error>>,
    F: FnOnce(&Response),
{
    type Output = Result<Response, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = std::task::ready!(this.inner.poll(cx));
        let function = this.function.take().expect("polled after completion");
        Poll::Ready(result.inspect(function))
    }
}

impl<Fut, F> fmt::Debug for InspectResponseFuture<Fut, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InspectResponseFuture").finish_non_exhaustive()
    }
}
