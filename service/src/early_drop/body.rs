//! Responses that are watched until they have been sent.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::Dropped;
use super::guard::{Guard, Watched, sealed};

/// A call is watched until the body of its response has ended.
#[derive(Debug, Clone, Copy, Default)]
pub struct UntilBodyEnd(());

impl sealed::Sealed for UntilBodyEnd {}

impl<B: Body, F: Fn(Dropped)> Watched<http::Response<B>, F> for UntilBodyEnd {
    type Response = http::Response<GuardedBody<B, F>>;

    fn watch(response: http::Response<B>, mut guard: Guard<F>) -> Self::Response {
        guard.sends();
        response.map(|inner| {
            if inner.is_end_stream() {
                guard.end();
            }
            GuardedBody { inner, guard }
        })
    }
}

pin_project! {
    /// A response body that tells when it is dropped before its end.
    #[derive(Debug)]
    pub struct GuardedBody<B, F>
    where
        F: Fn(Dropped),
    {
        #[pin]
        inner: B,
        guard: Guard<F>,
    }
}

impl<B: Body, F: Fn(Dropped)> Body for GuardedBody<B, F> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = this.inner.as_mut().poll_frame(cx);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) || this.inner.is_end_stream() {
            this.guard.end();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
