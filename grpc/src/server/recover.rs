//! Answers in place of the errors of middleware.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use minato_http::{Body, BoxError};
use minato_service::{Layer, Overloaded, Service, timeout};
use pin_project_lite::pin_project;

use super::request::is_grpc;
use super::respond;
use crate::status::from_http_error;
use crate::{Metadata, Status};

/// A layer that answers where the service inside it fails: with a status where gRPC was spoken, with an HTTP status
/// where it was not.
///
/// | error | gRPC | HTTP |
/// |---|---|---|
/// | [`timeout::Elapsed`] | DEADLINE_EXCEEDED | 504 |
/// | [`Overloaded`] | UNAVAILABLE, with `grpc-retry-pushback-ms` | 503, with `retry-after` |
/// | a [`Status`] | itself | 500 |
/// | any other | UNKNOWN | 500 |
///
/// ```
/// use std::time::Duration;
/// use minato_grpc::{Routes, server::RecoverLayer};
/// use minato_service::ServiceBuilder;
///
/// let service = ServiceBuilder::new()
///     .layer(RecoverLayer::new())
///     .load_shed()
///     .concurrency_limit(1000)
///     .timeout(Duration::from_secs(30))
///     .service(Routes::new());
/// # drop(service);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct RecoverLayer(());

impl RecoverLayer {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for RecoverLayer {
    type Service = Recover<S>;

    fn layer(&self, inner: S) -> Recover<S> {
        Recover { inner }
    }
}

/// The service a [`RecoverLayer`] makes. An error of `poll_ready`, where there is no request to answer, stays one.
#[derive(Debug, Clone, Copy)]
pub struct Recover<S> {
    inner: S,
}

impl<S, B> Service<Request<Body>> for Recover<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error: Into<BoxError>>,
    B: http_body::Body<Data: bytes::Buf, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = RecoverFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let speaks_grpc = is_grpc(request.headers());
        RecoverFuture { inner: self.inner.call(request), speaks_grpc }
    }
}

pin_project! {
    /// The future of [`Recover`].
    #[must_use = "futures do nothing unless polled"]
    pub struct RecoverFuture<F> {
        #[pin]
        inner: F,
        speaks_grpc: bool,
    }
}

impl<F, B, E> Future for RecoverFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: http_body::Body<Data: bytes::Buf, Error: Into<BoxError>> + Send + 'static,
    E: Into<BoxError>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Poll::Ready(Ok(match ready!(this.inner.poll(cx)) {
            Ok(response) => response.map(Body::wrap),
            Err(error) if *this.speaks_grpc => respond::refused(&status_of(error.into())),
            Err(error) => page_of(&error.into()),
        }))
    }
}

impl<F> fmt::Debug for RecoverFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecoverFuture").finish_non_exhaustive()
    }
}

/// A6, "Pushback": milliseconds until the client should try again.
const PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");

fn status_of(error: BoxError) -> Status {
    let error = match error.downcast::<Status>() {
        Ok(status) => return *status,
        Err(error) => error,
    };
    let error = match error.downcast::<minato_http::Error>() {
        Ok(error) => return from_http_error(*error),
        Err(error) => error,
    };
    if error.is::<timeout::Elapsed>() {
        return Status::deadline_exceeded("the server took too long").with_source(error);
    }
    if let Some(overloaded) = error.downcast_ref::<Overloaded>() {
        let mut fields = HeaderMap::new();
        if let Some(wait) = overloaded.retry_after {
            fields.insert(PUSHBACK, HeaderValue::from(wait.as_millis().min(u128::from(u32::MAX)) as u32));
        }
        let metadata = Metadata::from_headers(fields);
        return Status::unavailable("the server is overloaded").with_metadata(metadata).with_source(error);
    }
    // What went wrong is the server's to know: its text may say more than a client should read.
    Status::unknown("the service failed").with_source(error)
}

fn page_of(error: &BoxError) -> Response<Body> {
    if error.is::<timeout::Elapsed>() {
        return respond::http(StatusCode::GATEWAY_TIMEOUT);
    }
    let Some(overloaded) = error.downcast_ref::<Overloaded>() else {
        return respond::http(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let mut response = respond::http(StatusCode::SERVICE_UNAVAILABLE);
    if let Some(wait) = overloaded.retry_after {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
