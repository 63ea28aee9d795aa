//! The body of a response inside the span of its request.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::record::Record;

pin_project! {
    /// The body of a response, whose end is the end of the request's span.
    #[derive(Debug)]
    pub struct TracedBody<B> {
        #[pin]
        inner: B,
        // None while the span is turned off, and after the outcome has been told.
        record: Option<Record>,
    }
}

impl<B: Body> TracedBody<B> {
    pub(super) fn new(inner: B, record: Option<Record>) -> Self {
        let mut body = Self { inner, record };
        settle(&mut body.record, &body.inner);
        body
    }
}

/// Tells the outcome where nothing more will be asked of the body, which then may be dropped without another poll.
fn settle<B: Body>(record: &mut Option<Record>, body: &B) {
    if body.is_end_stream() {
        if let Some(record) = record.take() {
            record.end();
        }
    } else if let Some(record) = record
        && body.size_hint().exact() == Some(0)
    {
        record.all_bytes_taken();
    }
}

impl<B: Body> Body for TracedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = match this.record {
            None => return this.inner.poll_frame(cx),
            Some(record) => ready!(record.run(|| this.inner.as_mut().poll_frame(cx))),
        };
        match &frame {
            Some(Ok(frame)) => {
                if let (Some(record), Some(trailers)) = (this.record.as_mut(), frame.trailers_ref()) {
                    record.trailers(trailers);
                }
                settle(this.record, &*this.inner);
            }
            Some(Err(_)) => {
                if let Some(record) = this.record.take() {
                    record.fail::<B::Error>();
                }
            }
            None => {
                if let Some(record) = this.record.take() {
                    record.end();
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
