//! A call inside its span.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::TracedBody;
use super::record::Record;

pin_project! {
    /// The future of [`Trace`](super::Trace).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        // None while the span is turned off, and after completion.
        record: Option<Record>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(inner: F, record: Option<Record>) -> Self {
        Self { inner, record }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<TracedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = match this.record {
            None => ready!(this.inner.poll(cx)),
            Some(record) => ready!(record.run(|| this.inner.poll(cx))),
        };
        let mut record = this.record.take();
        Poll::Ready(match result {
            Ok(response) => {
                if let Some(record) = &mut record {
                    record.head(&response);
                }
                Ok(response.map(|body| TracedBody::new(body, record)))
            }
            Err(error) => {
                if let Some(record) = record {
                    record.fail::<E>();
                }
                Err(error)
            }
        })
    }
}
