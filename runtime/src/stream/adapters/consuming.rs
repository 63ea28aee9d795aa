//! Futures that go through a stream.

use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::Fuse;
use crate::stream::{FromStream, FuturesUnordered};

/// Waits for the next item; made by [`StreamExt::next`](crate::stream::StreamExt::next).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Next<'a, S: ?Sized> {
    stream: &'a mut S,
}

/// Waits for the next item or error; made by [`StreamExt::try_next`](crate::stream::StreamExt::try_next).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct TryNext<'a, S: ?Sized> {
    stream: &'a mut S,
}

/// Asks whether all items are as wanted; made by [`StreamExt::all`](crate::stream::StreamExt::all).
#[must_use = "futures do nothing unless polled"]
pub struct All<'a, S: ?Sized, F> {
    stream: &'a mut S,
    f: F,
}

/// Asks whether any item is as wanted; made by [`StreamExt::any`](crate::stream::StreamExt::any).
#[must_use = "futures do nothing unless polled"]
pub struct Any<'a, S: ?Sized, F> {
    stream: &'a mut S,
    f: F,
}

pin_project_lite::pin_project! {
    /// Makes one value of all items; made by [`StreamExt::fold`](crate::stream::StreamExt::fold).
    #[must_use = "futures do nothing unless polled"]
    pub struct Fold<S, B, F> {
        #[pin]
        stream: S,
        // `None` once it was answered.
        value: Option<B>,
        f: F,
    }
}

pin_project_lite::pin_project! {
    /// Collects the items; made by [`StreamExt::collect`](crate::stream::StreamExt::collect).
    #[must_use = "futures do nothing unless polled"]
    pub struct Collect<S: Stream, C>
    where
        C: FromStream<S::Item>,
    {
        #[pin]
        stream: S,
        // `None` once it was answered.
        collecting: Option<C::Collecting>,
    }
}

pin_project_lite::pin_project! {
    /// Counts the items; made by [`StreamExt::count`](crate::stream::StreamExt::count).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Count<S> {
        #[pin]
        stream: S,
        count: usize,
    }
}

pin_project_lite::pin_project! {
    /// Runs a future for each item, one after the other; made by
    /// [`StreamExt::for_each`](crate::stream::StreamExt::for_each).
    #[must_use = "futures do nothing unless polled"]
    pub struct ForEach<S, F, Fut> {
        #[pin]
        stream: S,
        #[pin]
        future: Option<Fut>,
        f: F,
    }
}

pin_project_lite::pin_project! {
    /// Runs a future for each item, to the first error; made by
    /// [`StreamExt::try_for_each`](crate::stream::StreamExt::try_for_each).
    #[must_use = "futures do nothing unless polled"]
    pub struct TryForEach<S, F, Fut> {
        #[pin]
        stream: S,
        #[pin]
        future: Option<Fut>,
        f: F,
    }
}

pin_project_lite::pin_project! {
    /// Runs a future for each item, several at once; made by
    /// [`StreamExt::for_each_concurrent`](crate::stream::StreamExt::for_each_concurrent).
    #[must_use = "futures do nothing unless polled"]
    pub struct ForEachConcurrent<S, F, Fut> {
        #[pin]
        stream: Fuse<S>,
        running: FuturesUnordered<Fut>,
        limit: Option<NonZeroUsize>,
        f: F,
    }
}

impl<'a, S: ?Sized> Next<'a, S> {
    pub(in crate::stream) fn new(stream: &'a mut S) -> Self {
        Self { stream }
    }
}

impl<'a, S: ?Sized> TryNext<'a, S> {
    pub(in crate::stream) fn new(stream: &'a mut S) -> Self {
        Self { stream }
    }
}

impl<'a, S: ?Sized, F> All<'a, S, F> {
    pub(in crate::stream) fn new(stream: &'a mut S, f: F) -> Self {
        Self { stream, f }
    }
}

impl<'a, S: ?Sized, F> Any<'a, S, F> {
    pub(in crate::stream) fn new(stream: &'a mut S, f: F) -> Self {
        Self { stream, f }
    }
}

impl<S, B, F> Fold<S, B, F> {
    pub(in crate::stream) fn new(stream: S, value: B, f: F) -> Self {
        Self { stream, value: Some(value), f }
    }
}

impl<S: Stream, C: FromStream<S::Item>> Collect<S, C> {
    pub(in crate::stream) fn new(stream: S) -> Self {
        let (least, _) = stream.size_hint();
        Self { stream, collecting: Some(C::begin(least)) }
    }
}

impl<S> Count<S> {
    pub(in crate::stream) fn new(stream: S) -> Self {
        Self { stream, count: 0 }
    }
}

impl<S, F, Fut> ForEach<S, F, Fut> {
    pub(in crate::stream) fn new(stream: S, f: F) -> Self {
        Self { stream, future: None, f }
    }
}

impl<S, F, Fut> TryForEach<S, F, Fut> {
    pub(in crate::stream) fn new(stream: S, f: F) -> Self {
        Self { stream, future: None, f }
    }
}

impl<S, F, Fut> ForEachConcurrent<S, F, Fut> {
    pub(in crate::stream) fn new(stream: S, limit: Option<usize>, f: F) -> Self {
        let limit = limit.and_then(NonZeroUsize::new);
        Self { stream: Fuse::new(stream), running: FuturesUnordered::new(), limit, f }
    }
}

impl<S: Stream + Unpin + ?Sized> Future for Next<'_, S> {
    type Output = Option<S::Item>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut *self.stream).poll_next(cx)
    }
}

impl<T, E, S: Stream<Item = Result<T, E>> + Unpin + ?Sized> Future for TryNext<'_, S> {
    type Output = Result<Option<T>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut *self.stream).poll_next(cx).map(Option::transpose)
    }
}

impl<S: ?Sized, F> Unpin for All<'_, S, F> {}
impl<S: ?Sized, F> Unpin for Any<'_, S, F> {}

impl<S: Stream + Unpin + ?Sized, F: FnMut(S::Item) -> bool> Future for All<'_, S, F> {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let Self { stream, f } = &mut *self;
        while let Some(item) = ready!(Pin::new(&mut **stream).poll_next(cx)) {
            if !f(item) {
                return Poll::Ready(false);
            }
        }
        Poll::Ready(true)
    }
}

impl<S: Stream + Unpin + ?Sized, F: FnMut(S::Item) -> bool> Future for Any<'_, S, F> {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let Self { stream, f } = &mut *self;
        while let Some(item) = ready!(Pin::new(&mut **stream).poll_next(cx)) {
            if f(item) {
                return Poll::Ready(true);
            }
        }
        Poll::Ready(false)
    }
}

impl<S: Stream, B, F: FnMut(B, S::Item) -> B> Future for Fold<S, B, F> {
    type Output = B;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<B> {
        let mut this = self.project();
        loop {
            let next = ready!(this.stream.as_mut().poll_next(cx));
            let value = this.value.take().expect("polled after completion, or the function has panicked");
            match next {
                Some(item) => *this.value = Some((this.f)(value, item)),
                None => return Poll::Ready(value),
            }
        }
    }
}

impl<S: Stream, C: FromStream<S::Item>> Future for Collect<S, C> {
    type Output = C;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<C> {
        let mut this = self.project();
        loop {
            let next = ready!(this.stream.as_mut().poll_next(cx));
            let collecting = this.collecting.as_mut().expect("polled after completion");
            if next.is_none_or(|item| !C::add(collecting, item)) {
                break;
            }
        }
        Poll::Ready(C::finish(this.collecting.take().expect("looked at above")))
    }
}

impl<S: Stream> Future for Count<S> {
    type Output = usize;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        let mut this = self.project();
        while ready!(this.stream.as_mut().poll_next(cx)).is_some() {
            *this.count += 1;
        }
        Poll::Ready(*this.count)
    }
}

impl<S, F, Fut> Future for ForEach<S, F, Fut>
where
    S: Stream,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = ()>,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        loop {
            if let Some(future) = this.future.as_mut().as_pin_mut() {
                ready!(future.poll(cx));
                this.future.set(None);
            }
            match ready!(this.stream.as_mut().poll_next(cx)) {
                Some(item) => this.future.set(Some((this.f)(item))),
                None => return Poll::Ready(()),
            }
        }
    }
}

impl<T, E, S, F, Fut> Future for TryForEach<S, F, Fut>
where
    S: Stream<Item = Result<T, E>>,
    F: FnMut(T) -> Fut,
    Fut: Future<Output = Result<(), E>>,
{
    type Output = Result<(), E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        let mut this = self.project();
        loop {
            if let Some(future) = this.future.as_mut().as_pin_mut() {
                let output = ready!(future.poll(cx));
                this.future.set(None);
                output?;
            }
            match ready!(this.stream.as_mut().poll_next(cx)).transpose()? {
                Some(item) => this.future.set(Some((this.f)(item))),
                None => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl<S, F, Fut> Future for ForEachConcurrent<S, F, Fut>
where
    S: Stream,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = ()>,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        loop {
            while this.limit.is_none_or(|limit| this.running.len() < limit.get())
                && let Poll::Ready(Some(item)) = this.stream.as_mut().poll_next(cx)
            {
                this.running.push((this.f)(item));
            }
            match Pin::new(&mut *this.running).poll_next(cx) {
                Poll::Ready(Some(())) => {}
                Poll::Ready(None) if this.stream.is_done() => return Poll::Ready(()),
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }
}

macro_rules! debug {
    ($($future:ident <$($lifetime:lifetime,)? S $(: $bound:ident)?, $($parameter:ident),+>
        $(where $collection:ident collects)?;)+) => {$(
        impl<$($lifetime,)? S: fmt::Debug $(+ $bound)?, $($parameter),+> fmt::Debug
            for $future<$($lifetime,)? S, $($parameter),+>
        $(where $collection: FromStream<S::Item>)?
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($future)).field("stream", &self.stream).finish_non_exhaustive()
            }
        }
    )+};
}

debug! {
    All<'a, S, F>;
    Any<'a, S, F>;
    Fold<S, B, F>;
    Collect<S: Stream, C> where C collects;
    ForEach<S, F, Fut>;
    TryForEach<S, F, Fut>;
    ForEachConcurrent<S, F, Fut>;
}
