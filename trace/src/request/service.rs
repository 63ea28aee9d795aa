//! The service whose requests have spans.

use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::record::Record;
use super::{ResponseFuture, TracedBody};

/// A service whose requests each have a span; see [`TraceLayer`](super::TraceLayer).
#[derive(Debug, Clone, Copy)]
pub struct Trace<S> {
    inner: S,
}

impl<S> Trace<S> {
    /// Gives the requests of `inner` spans.
    pub const fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S, RequestBody, ResponseBody> Service<Request<RequestBody>> for Trace<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>>,
    ResponseBody: Body,
{
    type Response = Response<TracedBody<ResponseBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        let mut record = Record::begin(&mut request);
        let inner = match &mut record {
            None => self.inner.call(request),
            Some(record) => record.run(|| self.inner.call(request)),
        };
        ResponseFuture::new(inner, record)
    }
}
