//! Two streams as one, and a stream of streams.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::{Fuse, sum_of_hints};

pin_project_lite::pin_project! {
    /// A stream of the items of two, as they come; made by [`StreamExt::merge`](crate::stream::StreamExt::merge).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Merge<S, U> {
        #[pin]
        one: Fuse<S>,
        #[pin]
        other: Fuse<U>,
        first: Side,
    }
}

/// Which is polled first.
#[derive(Clone, Copy, Debug)]
enum Side {
    One,
    Other,
}

pin_project_lite::pin_project! {
    /// A stream of the items of one, then of another; made by [`StreamExt::chain`](crate::stream::StreamExt::chain).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Chain<S, U> {
        #[pin]
        first: Fuse<S>,
        #[pin]
        second: U,
    }
}

pin_project_lite::pin_project! {
    /// A stream of pairs; made by [`StreamExt::zip`](crate::stream::StreamExt::zip).
    #[must_use = "streams do nothing unless polled"]
    pub struct Zip<S: Stream, U: Stream> {
        #[pin]
        one: Fuse<S>,
        #[pin]
        other: Fuse<U>,
        from_one: Option<S::Item>,
        from_other: Option<U::Item>,
    }
}

pin_project_lite::pin_project! {
    /// A stream of the items of the streams of a stream; made by
    /// [`StreamExt::flatten`](crate::stream::StreamExt::flatten).
    #[must_use = "streams do nothing unless polled"]
    pub struct Flatten<S: Stream> {
        #[pin]
        outer: Fuse<S>,
        #[pin]
        inner: Option<S::Item>,
    }
}

impl<S, U> Merge<S, U> {
    pub(in crate::stream) fn new(one: S, other: U) -> Self {
        Self { one: Fuse::new(one), other: Fuse::new(other), first: Side::One }
    }
}

impl<S, U> Chain<S, U> {
    pub(in crate::stream) fn new(first: S, second: U) -> Self {
        Self { first: Fuse::new(first), second }
    }
}

impl<S: Stream, U: Stream> Zip<S, U> {
    pub(in crate::stream) fn new(one: S, other: U) -> Self {
        Self { one: Fuse::new(one), other: Fuse::new(other), from_one: None, from_other: None }
    }
}

impl<S: Stream> Flatten<S> {
    pub(in crate::stream) fn new(outer: S) -> Self {
        Self { outer: Fuse::new(outer), inner: None }
    }
}

impl<S: Stream, U: Stream<Item = S::Item>> Stream for Merge<S, U> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        match *this.first {
            Side::One => {
                *this.first = Side::Other;
                poll_both(this.one, this.other, cx)
            }
            Side::Other => {
                *this.first = Side::One;
                poll_both(this.other, this.one, cx)
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        sum_of_hints(self.one.size_hint(), self.other.size_hint())
    }
}

fn poll_both<T>(
    one: Pin<&mut impl Stream<Item = T>>,
    other: Pin<&mut impl Stream<Item = T>>,
    cx: &mut Context<'_>,
) -> Poll<Option<T>> {
    let one = one.poll_next(cx);
    if let Poll::Ready(Some(_)) = one {
        return one;
    }
    match other.poll_next(cx) {
        Poll::Ready(None) => one,
        next => next,
    }
}

impl<S: Stream, U: Stream<Item = S::Item>> Stream for Chain<S, U> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        if let Some(item) = ready!(this.first.poll_next(cx)) {
            return Poll::Ready(Some(item));
        }
        this.second.poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        sum_of_hints(self.first.size_hint(), self.second.size_hint())
    }
}

impl<S: Stream, U: Stream> Stream for Zip<S, U> {
    type Item = (S::Item, U::Item);

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if this.from_one.is_none()
            && let Poll::Ready(next) = this.one.as_mut().poll_next(cx)
        {
            *this.from_one = next;
        }
        if this.from_other.is_none()
            && let Poll::Ready(next) = this.other.as_mut().poll_next(cx)
        {
            *this.from_other = next;
        }
        if this.from_one.is_some() && this.from_other.is_some() {
            return Poll::Ready(this.from_one.take().zip(this.from_other.take()));
        }
        let has_ended = this.from_one.is_none() && this.one.is_done()
            || this.from_other.is_none() && this.other.is_done();
        if has_ended { Poll::Ready(None) } else { Poll::Pending }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let with = |kept: bool, (least, most): (usize, Option<usize>)| {
            let kept = usize::from(kept);
            (least.saturating_add(kept), most.and_then(|most| most.checked_add(kept)))
        };
        let one = with(self.from_one.is_some(), self.one.size_hint());
        let other = with(self.from_other.is_some(), self.other.size_hint());
        let most = match (one.1, other.1) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        (one.0.min(other.0), most)
    }
}

impl<S: Stream<Item: Stream>> Stream for Flatten<S> {
    type Item = <S::Item as Stream>::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        loop {
            if let Some(inner) = this.inner.as_mut().as_pin_mut() {
                if let Some(item) = ready!(inner.poll_next(cx)) {
                    return Poll::Ready(Some(item));
                }
                this.inner.set(None);
            }
            match ready!(this.outer.as_mut().poll_next(cx)) {
                Some(inner) => this.inner.set(Some(inner)),
                None => return Poll::Ready(None),
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (least, most) = self.inner.as_ref().map_or((0, Some(0)), Stream::size_hint);
        (least, if self.outer.size_hint() == (0, Some(0)) { most } else { None })
    }
}

impl<S: Stream + fmt::Debug, U: Stream + fmt::Debug> fmt::Debug for Zip<S, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zip").field("one", &self.one).field("other", &self.other).finish_non_exhaustive()
    }
}

impl<S: Stream + fmt::Debug> fmt::Debug for Flatten<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flatten").field("outer", &self.outer).finish_non_exhaustive()
    }
}
