//! Looking at the next item before it is taken.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::Fuse;

pin_project_lite::pin_project! {
    /// A stream whose next item can be looked at; made by [`StreamExt::peekable`](crate::stream::StreamExt::peekable).
    #[must_use = "streams do nothing unless polled"]
    pub struct Peekable<S: Stream> {
        #[pin]
        stream: Fuse<S>,
        next: Option<S::Item>,
    }
}

impl<S: Stream> Peekable<S> {
    pub(in crate::stream) fn new(stream: S) -> Self {
        Self { stream: Fuse::new(stream), next: None }
    }

    /// Waits for the next item, and leaves it in the stream.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no item.
    pub async fn peek(&mut self) -> Option<&S::Item>
    where
        S: Unpin,
    {
        poll_fn(|cx| Pin::new(&mut *self).poll_peek(cx).map(drop)).await;
        self.next.as_ref()
    }

    /// Attempts to look at the next item.
    pub fn poll_peek(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<&S::Item>> {
        let this = self.project();
        if this.next.is_none() {
            *this.next = ready!(this.stream.poll_next(cx));
        }
        Poll::Ready(this.next.as_ref())
    }
}

impl<S: Stream> Stream for Peekable<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        match this.next.take() {
            Some(item) => Poll::Ready(Some(item)),
            None => this.stream.poll_next(cx),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let peeked = usize::from(self.next.is_some());
        super::sum_of_hints((peeked, Some(peeked)), self.stream.size_hint())
    }
}

impl<S: Stream<Item: fmt::Debug> + fmt::Debug> fmt::Debug for Peekable<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peekable").field("stream", &self.stream).field("next", &self.next).finish()
    }
}
