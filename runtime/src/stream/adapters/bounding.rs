//! Only the first items, or all but the first.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

pin_project_lite::pin_project! {
    /// A stream of the first items; made by [`StreamExt::take`](crate::stream::StreamExt::take).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Take<S> {
        #[pin]
        stream: S,
        left: usize,
    }
}

pin_project_lite::pin_project! {
    /// A stream of the items up to the first for which a function answers false; made by
    /// [`StreamExt::take_while`](crate::stream::StreamExt::take_while).
    #[must_use = "streams do nothing unless polled"]
    pub struct TakeWhile<S, F> {
        #[pin]
        stream: S,
        // `None` once it has answered false.
        f: Option<F>,
    }
}

pin_project_lite::pin_project! {
    /// A stream that ends when a future is ready; made by
    /// [`StreamExt::take_until`](crate::stream::StreamExt::take_until).
    #[must_use = "streams do nothing unless polled"]
    pub struct TakeUntil<S, Fut> {
        #[pin]
        stream: S,
        // `None` once it was ready.
        #[pin]
        until: Option<Fut>,
    }
}

pin_project_lite::pin_project! {
    /// A stream without its first items; made by [`StreamExt::skip`](crate::stream::StreamExt::skip).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Skip<S> {
        #[pin]
        stream: S,
        left: usize,
    }
}

pin_project_lite::pin_project! {
    /// A stream from the first item on for which a function answers false; made by
    /// [`StreamExt::skip_while`](crate::stream::StreamExt::skip_while).
    #[must_use = "streams do nothing unless polled"]
    pub struct SkipWhile<S, F> {
        #[pin]
        stream: S,
        // `None` once it has answered false.
        f: Option<F>,
    }
}

impl<S> Take<S> {
    pub(in crate::stream) fn new(stream: S, left: usize) -> Self {
        Self { stream, left }
    }
}

impl<S, F> TakeWhile<S, F> {
    pub(in crate::stream) fn new(stream: S, f: F) -> Self {
        Self { stream, f: Some(f) }
    }
}

impl<S, Fut> TakeUntil<S, Fut> {
    pub(in crate::stream) fn new(stream: S, until: Fut) -> Self {
        Self { stream, until: Some(until) }
    }
}

impl<S> Skip<S> {
    pub(in crate::stream) fn new(stream: S, left: usize) -> Self {
        Self { stream, left }
    }
}

impl<S, F> SkipWhile<S, F> {
    pub(in crate::stream) fn new(stream: S, f: F) -> Self {
        Self { stream, f: Some(f) }
    }
}

impl<S: Stream> Stream for Take<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        if *this.left == 0 {
            return Poll::Ready(None);
        }
        let next = ready!(this.stream.poll_next(cx));
        *this.left = if next.is_some() { *this.left - 1 } else { 0 };
        Poll::Ready(next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        if self.left == 0 {
            return (0, Some(0));
        }
        let (least, most) = self.stream.size_hint();
        (least.min(self.left), Some(most.map_or(self.left, |most| most.min(self.left))))
    }
}

impl<S: Stream, F: FnMut(&S::Item) -> bool> Stream for TakeWhile<S, F> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let Some(f) = this.f else { return Poll::Ready(None) };
        let next = ready!(this.stream.poll_next(cx)).filter(f);
        if next.is_none() {
            *this.f = None;
        }
        Poll::Ready(next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        if self.f.is_none() {
            return (0, Some(0));
        }
        (0, self.stream.size_hint().1)
    }
}

impl<S: Stream, Fut: Future> Stream for TakeUntil<S, Fut> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        let Some(until) = this.until.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        if until.poll(cx).is_ready() {
            this.until.set(None);
            return Poll::Ready(None);
        }
        let next = ready!(this.stream.poll_next(cx));
        if next.is_none() {
            this.until.set(None);
        }
        Poll::Ready(next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        if self.until.is_none() {
            return (0, Some(0));
        }
        (0, self.stream.size_hint().1)
    }
}

impl<S: Stream> Stream for Skip<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        while *this.left > 0 {
            match ready!(this.stream.as_mut().poll_next(cx)) {
                Some(_) => *this.left -= 1,
                None => return Poll::Ready(None),
            }
        }
        this.stream.poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (least, most) = self.stream.size_hint();
        (least.saturating_sub(self.left), most.map(|most| most.saturating_sub(self.left)))
    }
}

impl<S: Stream, F: FnMut(&S::Item) -> bool> Stream for SkipWhile<S, F> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        let Some(f) = this.f else { return this.stream.poll_next(cx) };
        loop {
            match ready!(this.stream.as_mut().poll_next(cx)) {
                Some(item) if f(&item) => {}
                next => {
                    *this.f = None;
                    return Poll::Ready(next);
                }
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (least, most) = self.stream.size_hint();
        (if self.f.is_some() { 0 } else { least }, most)
    }
}

macro_rules! debug {
    ($($adapter:ident),+) => {$(
        impl<S: fmt::Debug, F> fmt::Debug for $adapter<S, F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($adapter)).field("stream", &self.stream).finish_non_exhaustive()
            }
        }
    )+};
}

debug!(TakeWhile, TakeUntil, SkipWhile);
