//! A response body that must end in time.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;
use http_body::{Body as _, Frame, SizeHint};

use crate::body::Body;
use crate::clock::{Deadline, Instant};
use crate::error::{Error, Kind, Timeout};

/// Makes the body of a response fail when it has not ended by `due`.
pub(super) fn until(response: Response<Body>, due: Option<Instant>) -> Response<Body> {
    match due {
        Some(due) if !response.body().is_end_stream() => response
            .map(|body| Body::from_boxed(Box::pin(Timed { body, due, deadline: Deadline::default() }))),
        _ => response,
    }
}

struct Timed {
    body: Body,
    due: Instant,
    deadline: Deadline,
}

impl http_body::Body for Timed {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let due = Some(self.due);
        if polled.is_pending() && self.deadline.poll(due, cx).is_ready() {
            // Dropping what is left gives the exchange up.
            self.body = Body::empty();
            return Poll::Ready(Some(Err(Error::new(Kind::Timeout(Timeout::Total)))));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
