//! Services made of an async closure.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use minato_service::BoxError;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::body::Body;
use crate::error::Error;

/// A service that answers each request with what the future of `handler` returns.
///
/// ```
/// use minato_http::{Body, handler_fn};
/// use http::{Request, StatusCode};
///
/// let hello = handler_fn(|_: Request<Body>| async { "hello" });
/// let echo = handler_fn(|request: Request<Body>| async move {
///     match request.into_body().bytes(64 * 1024).await {
///         Ok(bytes) => Ok(bytes),
///         Err(error) => Err((StatusCode::BAD_REQUEST, error.to_string())),
///     }
/// });
/// # fn is_service<S: tower_service::Service<Request<Body>>>(_: S) {}
/// # is_service(hello);
/// # is_service(echo);
/// ```
pub fn handler_fn<F, Fut>(handler: F) -> HandlerFn<F>
where
    F: FnMut(Request<Body>) -> Fut,
    Fut: Future,
    Fut::Output: IntoResponse,
{
    HandlerFn { handler }
}

/// The service made by [`handler_fn`].
#[derive(Debug, Clone, Copy)]
pub struct HandlerFn<F> {
    handler: F,
}

impl<F, Fut> Service<Request<Body>> for HandlerFn<F>
where
    F: FnMut(Request<Body>) -> Fut,
    Fut: Future,
    Fut::Output: IntoResponse,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = HandlerFuture<Fut>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
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
    Fut::Output: IntoResponse,
{
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let output = ready!(self.project().future.poll(cx));
        Poll::Ready(Ok(output.into_response()))
    }
}

/// What a handler may return.
pub trait IntoResponse {
    /// The response it stands for.
    fn into_response(self) -> Response<Body>;
}

/// The text is copied; [`Body`] is made of one that is `'static` without a copy.
///
/// That it may live shorter is what lets a closure that returns a literal stand in an async block that must be `Send`:
/// there the compiler does not know the literal to be `'static`.
impl IntoResponse for &str {
    fn into_response(self) -> Response<Body> {
        text(Bytes::copy_from_slice(self.as_bytes()).into())
    }
}

impl IntoResponse for String {
    fn into_response(self) -> Response<Body> {
        text(self.into())
    }
}

impl IntoResponse for Bytes {
    fn into_response(self) -> Response<Body> {
        octets(self.into())
    }
}

impl IntoResponse for Vec<u8> {
    fn into_response(self) -> Response<Body> {
        octets(self.into())
    }
}

impl IntoResponse for Body {
    fn into_response(self) -> Response<Body> {
        Response::new(self)
    }
}

impl IntoResponse for () {
    fn into_response(self) -> Response<Body> {
        Response::new(Body::empty())
    }
}

impl IntoResponse for StatusCode {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self;
        response
    }
}

impl<T: IntoResponse> IntoResponse for (StatusCode, T) {
    fn into_response(self) -> Response<Body> {
        let mut response = self.1.into_response();
        *response.status_mut() = self.0;
        response
    }
}

impl<T: IntoResponse, E: IntoResponse> IntoResponse for Result<T, E> {
    fn into_response(self) -> Response<Body> {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => error.into_response(),
        }
    }
}

impl<B> IntoResponse for Response<B>
where
    B: http_body::Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn into_response(self) -> Response<Body> {
        self.map(Body::wrap)
    }
}

/// The request's fault (a body over its limit, cut short or malformed) is answered with its 4xx status, anything else
/// with 500. What went wrong is not told.
impl IntoResponse for Error {
    fn into_response(self) -> Response<Body> {
        self.request_status().unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response()
    }
}

impl IntoResponse for Infallible {
    fn into_response(self) -> Response<Body> {
        match self {}
    }
}

fn text(body: Body) -> Response<Body> {
    with_type(body, HeaderValue::from_static("text/plain; charset=utf-8"))
}

fn octets(body: Body) -> Response<Body> {
    with_type(body, HeaderValue::from_static("application/octet-stream"))
}

fn with_type(body: Body, content_type: HeaderValue) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
