//! Many futures of a stream at once.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::{Fuse, sum_of_hints};
use crate::stream::{FuturesOrdered, FuturesUnordered};

pin_project_lite::pin_project! {
    /// A stream of the outputs of futures, as they come; made by
    /// [`StreamExt::buffer_unordered`](crate::stream::StreamExt::buffer_unordered).
    #[must_use = "streams do nothing unless polled"]
    pub struct BufferUnordered<S: Stream> {
        #[pin]
        stream: Fuse<S>,
        running: FuturesUnordered<S::Item>,
        limit: usize,
    }
}

pin_project_lite::pin_project! {
    /// A stream of the outputs of futures, in their order; made by
    /// [`StreamExt::buffered`](crate::stream::StreamExt::buffered).
    #[must_use = "streams do nothing unless polled"]
    pub struct Buffered<S: Stream>
    where
        S::Item: Future,
    {
        #[pin]
        stream: Fuse<S>,
        running: FuturesOrdered<S::Item>,
        limit: usize,
    }
}

fn checked(limit: usize) -> usize {
    assert!(limit > 0, "with no future at once nothing would ever run");
    limit
}

impl<S: Stream> BufferUnordered<S> {
    #[track_caller]
    pub(in crate::stream) fn new(stream: S, limit: usize) -> Self {
        Self { stream: Fuse::new(stream), running: FuturesUnordered::new(), limit: checked(limit) }
    }
}

impl<S: Stream<Item: Future>> Buffered<S> {
    #[track_caller]
    pub(in crate::stream) fn new(stream: S, limit: usize) -> Self {
        Self { stream: Fuse::new(stream), running: FuturesOrdered::new(), limit: checked(limit) }
    }
}

impl<S: Stream<Item: Future>> Stream for BufferUnordered<S> {
    type Item = <S::Item as Future>::Output;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        while this.running.len() < *this.limit
            && let Poll::Ready(Some(future)) = this.stream.as_mut().poll_next(cx)
        {
            this.running.push(future);
        }
        match Pin::new(this.running).poll_next(cx) {
            Poll::Ready(None) if !this.stream.is_done() => Poll::Pending,
            next => next,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        sum_of_hints(self.running.size_hint(), self.stream.size_hint())
    }
}

impl<S: Stream<Item: Future>> Stream for Buffered<S> {
    type Item = <S::Item as Future>::Output;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        while this.running.len() < *this.limit
            && let Poll::Ready(Some(future)) = this.stream.as_mut().poll_next(cx)
        {
            this.running.push_back(future);
        }
        match Pin::new(this.running).poll_next(cx) {
            Poll::Ready(None) if !this.stream.is_done() => Poll::Pending,
            next => next,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        sum_of_hints(self.running.size_hint(), self.stream.size_hint())
    }
}

impl<S: Stream + fmt::Debug> fmt::Debug for BufferUnordered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferUnordered")
            .field("stream", &self.stream)
            .field("running", &self.running.len())
            .finish_non_exhaustive()
    }
}

impl<S: Stream<Item: Future> + fmt::Debug> fmt::Debug for Buffered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffered")
            .field("stream", &self.stream)
            .field("running", &self.running.len())
            .finish_non_exhaustive()
    }
}
