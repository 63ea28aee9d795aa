//! Streams out of nothing, of iterators and of functions.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::task::coop::poll_proceed;

/// A stream of the items of an iterator.
///
/// Each item costs a unit of the task's [budget](crate::task::coop), so a long iterator does not hold its worker.
///
/// ```
/// use minato_runtime::stream::{self, StreamExt};
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut stream = stream::iter(["one", "two"]);
/// assert_eq!(stream.next().await, Some("one"));
/// assert_eq!(stream.next().await, Some("two"));
/// assert_eq!(stream.next().await, None);
/// # });
/// ```
pub fn iter<I: IntoIterator>(items: I) -> Iter<I::IntoIter> {
    Iter { iterator: items.into_iter() }
}

/// A stream of one item.
pub fn once<T>(item: T) -> Once<T> {
    Once { item: Some(item) }
}

/// A stream without items.
pub const fn empty<T>() -> Empty<T> {
    Empty(PhantomData)
}

/// A stream that never answers.
pub const fn pending<T>() -> Pending<T> {
    Pending(PhantomData)
}

/// A stream whose items `poll` answers.
///
/// ```
/// use std::task::Poll;
/// use minato_runtime::stream::{self, StreamExt};
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut left = 2;
/// let stream = stream::poll_fn(|_| {
///     left -= 1;
///     Poll::Ready((left >= 0).then_some(left))
/// });
/// assert_eq!(stream.collect::<Vec<i32>>().await, [1, 0]);
/// # });
/// ```
pub fn poll_fn<T, F>(poll: F) -> PollFn<F>
where
    F: FnMut(&mut Context<'_>) -> Poll<Option<T>>,
{
    PollFn { poll }
}

/// A stream made step by step: `step` takes the state and answers an item and the next state, or `None` at the end.
///
/// ```
/// use minato_runtime::stream::{self, StreamExt};
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let halves = stream::unfold(8, |n| async move { (n > 0).then_some((n, n / 2)) });
/// assert_eq!(halves.collect::<Vec<u32>>().await, [8, 4, 2, 1]);
/// # });
/// ```
pub fn unfold<T, S, F, Fut>(state: S, step: F) -> Unfold<S, F, Fut>
where
    F: FnMut(S) -> Fut,
    Fut: Future<Output = Option<(T, S)>>,
{
    Unfold { step, state: UnfoldState::Between { state } }
}

/// A stream of the items of an iterator; made by [`iter`].
#[derive(Debug, Clone)]
#[must_use = "streams do nothing unless polled"]
pub struct Iter<I> {
    iterator: I,
}

/// A stream of one item; made by [`once`].
#[derive(Debug, Clone)]
#[must_use = "streams do nothing unless polled"]
pub struct Once<T> {
    item: Option<T>,
}

/// A stream without items; made by [`empty`].
#[must_use = "streams do nothing unless polled"]
pub struct Empty<T>(PhantomData<fn() -> T>);

/// A stream that never answers; made by [`pending`].
#[must_use = "streams do nothing unless polled"]
pub struct Pending<T>(PhantomData<fn() -> T>);

/// A stream whose items a function answers; made by [`poll_fn`].
#[must_use = "streams do nothing unless polled"]
pub struct PollFn<F> {
    poll: F,
}

pin_project_lite::pin_project! {
    /// A stream made step by step; made by [`unfold`].
    #[must_use = "streams do nothing unless polled"]
    pub struct Unfold<S, F, Fut> {
        step: F,
        #[pin]
        state: UnfoldState<S, Fut>,
    }
}

pin_project_lite::pin_project! {
    #[project = UnfoldProjected]
    #[project_replace = UnfoldReplaced]
    enum UnfoldState<S, Fut> {
        Between { state: S },
        Within { #[pin] future: Fut },
        Over,
    }
}

impl<I> Unpin for Iter<I> {}
impl<T> Unpin for Once<T> {}
impl<F> Unpin for PollFn<F> {}

impl<I: Iterator> Stream for Iter<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<I::Item>> {
        let unit = ready!(poll_proceed(cx));
        unit.made_progress();
        Poll::Ready(self.iterator.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.iterator.size_hint()
    }
}

impl<T> Stream for Once<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Ready(self.item.take())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::from(self.item.is_some());
        (left, Some(left))
    }
}

impl<T> Stream for Empty<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Ready(None)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(0))
    }
}

impl<T> Stream for Pending<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Pending
    }
}

impl<T, F> Stream for PollFn<F>
where
    F: FnMut(&mut Context<'_>) -> Poll<Option<T>>,
{
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        (self.poll)(cx)
    }
}

impl<T, S, F, Fut> Stream for Unfold<S, F, Fut>
where
    F: FnMut(S) -> Fut,
    Fut: Future<Output = Option<(T, S)>>,
{
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut this = self.project();
        if let UnfoldProjected::Between { .. } = this.state.as_mut().project()
            && let UnfoldReplaced::Between { state } = this.state.as_mut().project_replace(UnfoldState::Over)
        {
            this.state.set(UnfoldState::Within { future: (this.step)(state) });
        }
        let UnfoldProjected::Within { future } = this.state.as_mut().project() else {
            return Poll::Ready(None);
        };
        let Some((item, state)) = ready!(future.poll(cx)) else {
            this.state.set(UnfoldState::Over);
            return Poll::Ready(None);
        };
        this.state.set(UnfoldState::Between { state });
        Poll::Ready(Some(item))
    }
}

impl<T> fmt::Debug for Empty<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Empty")
    }
}

impl<T> fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending")
    }
}

impl<F> fmt::Debug for PollFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollFn").finish_non_exhaustive()
    }
}

impl<S, F, Fut> fmt::Debug for Unfold<S, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unfold").finish_non_exhaustive()
    }
}
