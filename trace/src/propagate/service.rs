//! The service that sends the trace context on.

use std::task::{Context, Poll};

use http::Request;
use tower_service::Service;

use crate::context::TraceContext;

/// A client that writes `traceparent` and `tracestate` into each request.
///
/// The context is the one among the request's extensions, else the [current](TraceContext::current) one. A request
/// with neither leaves as it is.
#[derive(Debug, Clone, Copy)]
pub struct Propagate<S> {
    inner: S,
}

impl<S> Propagate<S> {
    /// Sends the trace context with the requests to `inner`.
    pub const fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for Propagate<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let context = request.extensions().get::<TraceContext>().cloned().or_else(TraceContext::current);
        if let Some(context) = context {
            context.inject(request.headers_mut());
        }
        self.inner.call(request)
    }
}
