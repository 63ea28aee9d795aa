//! A stream that stays at its end.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

pin_project_lite::pin_project! {
    /// A stream that answers `None` for ever once it has ended; made by
    /// [`StreamExt::fuse`](crate::stream::StreamExt::fuse).
    ///
    /// The stream within is dropped at its end.
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Fuse<S> {
        #[pin]
        stream: Option<S>,
    }
}

impl<S> Fuse<S> {
    pub(in crate::stream) fn new(stream: S) -> Self {
        Self { stream: Some(stream) }
    }

    /// Whether the stream has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.stream.is_none()
    }
}

impl<S: Stream> Stream for Fuse<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut stream = self.project().stream;
        let Some(inner) = stream.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let next = inner.poll_next(cx);
        if let Poll::Ready(None) = next {
            stream.set(None);
        }
        next
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}
