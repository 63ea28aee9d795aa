//! A place kept until the response has been sent.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::hold::{HeldPermit, Hold};

/// A call leaves its place when the body of its response has ended, or is dropped.
///
/// A response that is streamed for a minute is work for a minute: without this a limit of ten lets any number of
/// them run at once.
#[derive(Debug, Clone, Copy, Default)]
pub struct UntilBodyEnd(());

impl<B: Body> Hold<http::Response<B>> for UntilBodyEnd {
    type Response = http::Response<HeldBody<B>>;

    fn hold(response: http::Response<B>, permit: HeldPermit) -> Self::Response {
        response.map(|inner| {
            let permit = (!inner.is_end_stream()).then_some(permit);
            HeldBody { inner, permit }
        })
    }
}

pin_project! {
    /// A response body that keeps a place in a limit until it ends.
    #[derive(Debug)]
    pub struct HeldBody<B> {
        #[pin]
        inner: B,
        // None once the body has ended.
        permit: Option<HeldPermit>,
    }
}

impl<B: Body> Body for HeldBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = this.inner.as_mut().poll_frame(cx);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) || this.inner.is_end_stream() {
            *this.permit = None;
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
