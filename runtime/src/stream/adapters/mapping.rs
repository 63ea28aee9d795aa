//! Another item for each.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

pin_project_lite::pin_project! {
    /// A stream of what a function makes of the items; made by [`StreamExt::map`](crate::stream::StreamExt::map).
    #[must_use = "streams do nothing unless polled"]
    pub struct Map<S, F> {
        #[pin]
        stream: S,
        f: F,
    }
}

pin_project_lite::pin_project! {
    /// A stream of what a function makes of the items, to the first `None`; made by
    /// [`StreamExt::map_while`](crate::stream::StreamExt::map_while).
    #[must_use = "streams do nothing unless polled"]
    pub struct MapWhile<S, F> {
        #[pin]
        stream: S,
        f: F,
    }
}

pin_project_lite::pin_project! {
    /// A stream of the outputs of the futures that a function makes of the items; made by
    /// [`StreamExt::then`](crate::stream::StreamExt::then).
    #[must_use = "streams do nothing unless polled"]
    pub struct Then<S, F, Fut> {
        #[pin]
        stream: S,
        #[pin]
        future: Option<Fut>,
        f: F,
    }
}

pin_project_lite::pin_project! {
    /// A stream that shows its items to a function; made by
    /// [`StreamExt::inspect`](crate::stream::StreamExt::inspect).
    #[must_use = "streams do nothing unless polled"]
    pub struct Inspect<S, F> {
        #[pin]
        stream: S,
        f: F,
    }
}

pin_project_lite::pin_project! {
    /// A stream of the items with their numbers; made by
    /// [`StreamExt::enumerate`](crate::stream::StreamExt::enumerate).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Enumerate<S> {
        #[pin]
        stream: S,
        next: usize,
    }
}

impl<S, F> Map<S, F> {
    pub(in crate::stream) fn new(stream: S, f: F) -> Self {
        Self { stream, f }
    }
}

impl<S, F> MapWhile<S, F> {
    pub(in crate::stream) fn new(stream: S, f: F) -> Self {
        Self { stream, f }
    }
}

impl<S, F, Fut> Then<S, F, Fut> {
    pub(in crate::stream) fn new(stream: S, f: F) -> Self {
        Self { stream, future: None, f }
    }
}

impl<S, F> Inspect<S, F> {
    pub(in crate::stream) fn new(stream: S, f: F) -> Self {
        Self { stream, f }
    }
}

impl<S> Enumerate<S> {
    pub(in crate::stream) fn new(stream: S) -> Self {
        Self { stream, next: 0 }
    }
}

impl<S: Stream, T, F: FnMut(S::Item) -> T> Stream for Map<S, F> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.project();
        this.stream.poll_next(cx).map(|item| item.map(this.f))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

impl<S: Stream, T, F: FnMut(S::Item) -> Option<T>> Stream for MapWhile<S, F> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.project();
        this.stream.poll_next(cx).map(|item| item.and_then(this.f))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.stream.size_hint().1)
    }
}

impl<S, F, Fut> Stream for Then<S, F, Fut>
where
    S: Stream,
    F: FnMut(S::Item) -> Fut,
    Fut: Future,
{
    type Item = Fut::Output;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Fut::Output>> {
        let mut this = self.project();
        loop {
            if let Some(future) = this.future.as_mut().as_pin_mut() {
                let output = ready!(future.poll(cx));
                this.future.set(None);
                return Poll::Ready(Some(output));
            }
            match ready!(this.stream.as_mut().poll_next(cx)) {
                Some(item) => this.future.set(Some((this.f)(item))),
                None => return Poll::Ready(None),
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let running = usize::from(self.future.is_some());
        super::sum_of_hints((running, Some(running)), self.stream.size_hint())
    }
}

impl<S: Stream, F: FnMut(&S::Item)> Stream for Inspect<S, F> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        this.stream.poll_next(cx).map(|item| item.inspect(this.f))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

impl<S: Stream> Stream for Enumerate<S> {
    type Item = (usize, S::Item);

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let item = ready!(this.stream.poll_next(cx));
        Poll::Ready(item.map(|item| {
            let number = *this.next;
            *this.next += 1;
            (number, item)
        }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

macro_rules! debug {
    ($($adapter:ident <$($parameter:ident),+>),+) => {$(
        impl<S: fmt::Debug, $($parameter),+> fmt::Debug for $adapter<S, $($parameter),+> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($adapter)).field("stream", &self.stream).finish_non_exhaustive()
            }
        }
    )+};
}

debug!(Map<F>, MapWhile<F>, Then<F, Fut>, Inspect<F>);
