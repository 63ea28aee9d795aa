//! Lean services made of async closures.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::request::Request;
use super::response::Response;

/// A lean service that answers each request with what an async closure returns: a [`Response`], or anything that turns
/// into one.
///
/// ```
/// use minato_http::lean::{Request, Response, handler_fn};
///
/// let echo = handler_fn(|request: Request| async move {
///     let text = request.into_body().text().await?;
///     Ok::<_, minato_http::Error>(Response::text(text))
/// });
/// # fn is_service<S: tower_service::Service<Request>>(_: S) {}
/// # is_service(echo);
/// ```
pub fn handler_fn<F, Fut>(handler: F) -> HandlerFn<F>
where
    F: FnMut(Request) -> Fut,
    Fut: Future,
    Fut::Output: Into<Response>,
{
    HandlerFn { handler }
}

/// The service made by [`handler_fn`].
#[derive(Debug, Clone, Copy)]
pub struct HandlerFn<F> {
    handler: F,
}

impl<F, Fut> Service<Request> for HandlerFn<F>
where
    F: FnMut(Request) -> Fut,
    Fut: Future,
    Fut::Output: Into<Response>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = HandlerFuture<Fut>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        HandlerFuture { future: (self.handler)(request) }
    }
}

pin_project! {
    /// The future of [`HandlerFn`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct HandlerFuture<Fut> {
        #[pin]
        future: Fut,
    }
}

impl<Fut> Future for HandlerFuture<Fut>
where
    Fut: Future,
    Fut::Output: Into<Response>,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let output = ready!(self.project().future.poll(cx));
        Poll::Ready(Ok(output.into()))
    }
}
