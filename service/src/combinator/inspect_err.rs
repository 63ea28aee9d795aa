//! Looks at the error of each call, or of becoming ready.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

crate::access::access_inner! {
    impl<S, F> InspectErr<S, F>;
}

/// A service that shows each error to a function.
#[derive(Clone, Copy)]
pub struct InspectErr<S, F> {
    inner: S,
    function: F,
}

impl<S, F> InspectErr<S, F> {
    /// Wraps `inner`.
    pub fn new(inner: S, function: F) -> Self {
        Self { inner, function }
    }
}

impl<S: fmt::Debug, F> fmt::Debug for InspectErr<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InspectErr").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// The layer of [`InspectErr`].
#[derive(Clone, Copy)]
pub struct InspectErrLayer<F> {
    function: F,
}

impl<F> InspectErrLayer<F> {
    /// A layer that calls `function`.
    pub fn new(function: F) -> Self {
        Self { function }
    }
}

impl<F> fmt::Debug for InspectErrLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InspectErrLayer").finish_non_exhaustive()
    }
}

impl<S, F: Clone> Layer<S> for InspectErrLayer<F> {
    type Service = InspectErr<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        InspectErr::new(inner, self.function.clone())
    }
}

impl<S, F, Request> Service<Request> for InspectErr<S, F>
where
    S: Service<Request>,
    F: FnOnce(&S::Error) + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = InspectErrFuture<S::Future, F>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx).map_err(|error| {
            self.function.clone()(&error);
            error
        })
    }

    fn call(&mut self, request: Request) -> Self::Future {
        InspectErrFuture { inner: self.inner.call(request), function: Some(self.function.clone()) }
    }
}

pin_project! {
    /// The future of [`InspectErr`].
    #[must_use = "futures do nothing unless polled"]
    pub struct InspectErrFuture<Fut, F> {
        #[pin]
        inner: Fut,
        function: Option<F>,
    }
}

impl<Fut, F, Response, Error> Future for InspectErrFuture<Fut, F>
where
    Fut: Future<Output = Result<Response, Error>>,
    F: FnOnce(&Error),
{
    type Output = Result<Response, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = std::task::ready!(this.inner.poll(cx));
        let function = this.function.take().expect("polled after completion");
        Poll::Ready(result.inspect_err(function))
    }
}

impl<Fut, F> fmt::Debug for InspectErrFuture<Fut, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InspectErrFuture").finish_non_exhaustive()
    }
}
