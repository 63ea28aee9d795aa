//! The everyday methods of streams.

use std::future::Future;
use std::time::Duration;

use futures_core::Stream;

use super::adapters::{
    All, Any, BufferUnordered, Buffered, Chain, ChunksTimeout, Collect, Count, Enumerate, Filter, FilterMap,
    Flatten, Fold, ForEach, ForEachConcurrent, Fuse, Inspect, Map, MapWhile, Merge, Next, Peekable, Skip,
    SkipWhile, Take, TakeUntil, TakeWhile, Then, Throttle, Timeout, TimeoutRepeating, TryForEach, TryNext,
    Zip,
};
use super::{BoxStream, FromStream, LocalBoxStream};
use crate::time::Interval;

/// The everyday methods of [`Stream`].
///
/// Methods that answer a stream are lazy: they do nothing until that is polled. Those that borrow the stream and
/// answer a future want it `Unpin`; [`pin!`](crate::pin) makes it so.
///
/// ```
/// use minato_runtime::stream::{self, StreamExt};
/// use minato_runtime::sync::mpsc;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (tx, rx) = mpsc::channel(4);
/// minato_runtime::spawn(async move {
///     for n in 1..=4 {
///         tx.send(n).await.unwrap();
///     }
/// });
/// let mut doubled = rx.map(|n| 2 * n).chain(stream::once(0));
/// assert_eq!(doubled.next().await, Some(2));
/// assert_eq!(doubled.collect::<Vec<i32>>().await, [4, 6, 8, 0]);
/// # });
/// ```
pub trait StreamExt: Stream {
    /// Waits for the next item; `None` at the end.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no item: it holds the stream only.
    fn next(&mut self) -> Next<'_, Self>
    where
        Self: Unpin,
    {
        Next::new(self)
    }

    /// Waits for the next item of a stream of results: an error comes as an error of the whole.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    ///
    /// # Cancel safety
    ///
    /// As [`next`](Self::next).
    fn try_next<T, E>(&mut self) -> TryNext<'_, Self>
    where
        Self: Stream<Item = Result<T, E>> + Unpin,
    {
        TryNext::new(self)
    }

    /// What `f` makes of the items.
    fn map<T, F>(self, f: F) -> Map<Self, F>
    where
        F: FnMut(Self::Item) -> T,
        Self: Sized,
    {
        Map::new(self, f)
    }

    /// What `f` makes of the items, to the first `None`, at which the stream ends.
    fn map_while<T, F>(self, f: F) -> MapWhile<Self, F>
    where
        F: FnMut(Self::Item) -> Option<T>,
        Self: Sized,
    {
        MapWhile::new(self, f)
    }

    /// The outputs of the futures that `f` makes of the items, one after the other.
    ///
    /// To run several at once, [`map`](Self::map) and then [`buffered`](Self::buffered) or
    /// [`buffer_unordered`](Self::buffer_unordered).
    fn then<F, Fut>(self, f: F) -> Then<Self, F, Fut>
    where
        F: FnMut(Self::Item) -> Fut,
        Fut: Future,
        Self: Sized,
    {
        Then::new(self, f)
    }

    /// Shows each item to `f` on its way.
    fn inspect<F>(self, f: F) -> Inspect<Self, F>
    where
        F: FnMut(&Self::Item),
        Self: Sized,
    {
        Inspect::new(self, f)
    }

    /// The items with their numbers, from 0.
    fn enumerate(self) -> Enumerate<Self>
    where
        Self: Sized,
    {
        Enumerate::new(self)
    }

    /// The items of both streams, as they come, fairly; ends when both have ended.
    ///
    /// For many streams there is [`StreamMap`](super::StreamMap).
    fn merge<U>(self, other: U) -> Merge<Self, U>
    where
        U: Stream<Item = Self::Item>,
        Self: Sized,
    {
        Merge::new(self, other)
    }

    /// The items of this stream, then those of `other`.
    fn chain<U>(self, other: U) -> Chain<Self, U>
    where
        U: Stream<Item = Self::Item>,
        Self: Sized,
    {
        Chain::new(self, other)
    }

    /// Pairs of an item of each stream; ends with the shorter.
    fn zip<U>(self, other: U) -> Zip<Self, U>
    where
        U: Stream,
        Self: Sized,
    {
        Zip::new(self, other)
    }

    /// The items of the streams that are the items of this one, stream after stream.
    fn flatten(self) -> Flatten<Self>
    where
        Self: Stream<Item: Stream> + Sized,
    {
        Flatten::new(self)
    }

    /// The items for which `f` answers true.
    fn filter<F>(self, f: F) -> Filter<Self, F>
    where
        F: FnMut(&Self::Item) -> bool,
        Self: Sized,
    {
        Filter::new(self, f)
    }

    /// What `f` makes of the items, without each `None`.
    fn filter_map<T, F>(self, f: F) -> FilterMap<Self, F>
    where
        F: FnMut(Self::Item) -> Option<T>,
        Self: Sized,
    {
        FilterMap::new(self, f)
    }

    /// The same stream, which answers `None` for ever once it has ended, and is dropped then.
    fn fuse(self) -> Fuse<Self>
    where
        Self: Sized,
    {
        Fuse::new(self)
    }

    /// The first `count` items.
    fn take(self, count: usize) -> Take<Self>
    where
        Self: Sized,
    {
        Take::new(self, count)
    }

    /// The items up to the first for which `f` answers false, which is dropped.
    fn take_while<F>(self, f: F) -> TakeWhile<Self, F>
    where
        F: FnMut(&Self::Item) -> bool,
        Self: Sized,
    {
        TakeWhile::new(self, f)
    }

    /// The items until `until` is ready, which is looked at before each item.
    ///
    /// ```
    /// use minato_runtime::stream::{self, StreamExt};
    /// use minato_runtime::sync::CancellationToken;
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let stop = CancellationToken::new();
    /// let numbers = stream::iter(1..).inspect(|n| if *n == 3 { stop.cancel() });
    /// assert_eq!(numbers.take_until(stop.cancelled()).count().await, 3);
    /// # });
    /// ```
    fn take_until<Fut>(self, until: Fut) -> TakeUntil<Self, Fut>
    where
        Fut: Future,
        Self: Sized,
    {
        TakeUntil::new(self, until)
    }

    /// All but the first `count` items.
    fn skip(self, count: usize) -> Skip<Self>
    where
        Self: Sized,
    {
        Skip::new(self, count)
    }

    /// The items from the first on for which `f` answers false.
    fn skip_while<F>(self, f: F) -> SkipWhile<Self, F>
    where
        F: FnMut(&Self::Item) -> bool,
        Self: Sized,
    {
        SkipWhile::new(self, f)
    }

    /// The same stream, whose next item can be [looked at](Peekable::peek).
    fn peekable(self) -> Peekable<Self>
    where
        Self: Sized,
    {
        Peekable::new(self)
    }

    /// Whether `f` answers true for all items; stops at the first for which it does not.
    ///
    /// # Cancel safety
    ///
    /// The items seen before the future was dropped are gone.
    fn all<F>(&mut self, f: F) -> All<'_, Self, F>
    where
        F: FnMut(Self::Item) -> bool,
        Self: Unpin,
    {
        All::new(self, f)
    }

    /// Whether `f` answers true for any item; stops at the first for which it does.
    ///
    /// # Cancel safety
    ///
    /// The items seen before the future was dropped are gone.
    fn any<F>(&mut self, f: F) -> Any<'_, Self, F>
    where
        F: FnMut(Self::Item) -> bool,
        Self: Unpin,
    {
        Any::new(self, f)
    }

    /// Makes one value of all items: `f` takes the value so far and an item, and answers the next value.
    fn fold<B, F>(self, first: B, f: F) -> Fold<Self, B, F>
    where
        F: FnMut(B, Self::Item) -> B,
        Self: Sized,
    {
        Fold::new(self, first, f)
    }

    /// Collects the items: into a `Vec` or another collection, a `String`, or a `Result` or `Option` of one, which
    /// stops at the first error or `None`.
    ///
    /// # Cancel safety
    ///
    /// The items collected go with the future.
    ///
    /// ```
    /// use minato_runtime::stream::{self, StreamExt};
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let numbers = stream::iter(["1", "2", "x", "4"]).map(|text| text.parse::<u8>());
    /// assert!(numbers.collect::<Result<Vec<u8>, _>>().await.is_err());
    /// # });
    /// ```
    fn collect<C>(self) -> Collect<Self, C>
    where
        C: FromStream<Self::Item>,
        Self: Sized,
    {
        Collect::new(self)
    }

    /// Counts the items.
    fn count(self) -> Count<Self>
    where
        Self: Sized,
    {
        Count::new(self)
    }

    /// Runs the future that `f` makes of each item, one after the other.
    fn for_each<F, Fut>(self, f: F) -> ForEach<Self, F, Fut>
    where
        F: FnMut(Self::Item) -> Fut,
        Fut: Future<Output = ()>,
        Self: Sized,
    {
        ForEach::new(self, f)
    }

    /// As [`for_each`](Self::for_each), for a stream of results and futures with results; stops at the first error.
    ///
    /// # Errors
    ///
    /// Those of the stream and of the futures.
    fn try_for_each<T, E, F, Fut>(self, f: F) -> TryForEach<Self, F, Fut>
    where
        F: FnMut(T) -> Fut,
        Fut: Future<Output = Result<(), E>>,
        Self: Stream<Item = Result<T, E>> + Sized,
    {
        TryForEach::new(self, f)
    }

    /// Runs the futures that `f` makes of the items, at most `limit` at once in this task; `None` and 0 mean no limit.
    fn for_each_concurrent<F, Fut>(
        self,
        limit: impl Into<Option<usize>>,
        f: F,
    ) -> ForEachConcurrent<Self, F, Fut>
    where
        F: FnMut(Self::Item) -> Fut,
        Fut: Future<Output = ()>,
        Self: Sized,
    {
        ForEachConcurrent::new(self, limit.into(), f)
    }

    /// The outputs of the futures that are the items, in their order, with at most `limit` running at once in this
    /// task.
    ///
    /// # Panics
    ///
    /// If `limit` is 0.
    #[track_caller]
    fn buffered(self, limit: usize) -> Buffered<Self>
    where
        Self: Stream<Item: Future> + Sized,
    {
        Buffered::new(self, limit)
    }

    /// The outputs of the futures that are the items, as they come, with at most `limit` running at once in this task.
    ///
    /// # Panics
    ///
    /// If `limit` is 0.
    ///
    /// ```
    /// use std::time::Duration;
    /// use minato_runtime::stream::{self, StreamExt};
    /// use minato_runtime::time::sleep;
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().start_paused(true).build().unwrap().block_on(async {
    /// let jobs = stream::iter([4, 1, 2]).map(|ms| async move {
    ///     sleep(Duration::from_millis(ms)).await;
    ///     ms
    /// });
    /// assert_eq!(jobs.buffer_unordered(2).collect::<Vec<_>>().await, [1, 2, 4]);
    /// # });
    /// ```
    #[track_caller]
    fn buffer_unordered(self, limit: usize) -> BufferUnordered<Self>
    where
        Self: Stream<Item: Future> + Sized,
    {
        BufferUnordered::new(self, limit)
    }

    /// The items, with [`Elapsed`](super::Elapsed) once before each that is waited for longer than `duration`.
    ///
    /// The time counts from the first poll that waits for the item. (With tokio-stream it counts from the item before,
    /// what the consumer did in between included.) The stream goes on after it was late.
    ///
    /// ```
    /// use std::time::Duration;
    /// use minato_runtime::stream::{self, StreamExt};
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().start_paused(true).build().unwrap().block_on(async {
    /// let mut stream = stream::once(1).chain(stream::pending()).timeout(Duration::from_secs(1));
    /// assert_eq!(stream.next().await, Some(Ok(1)));
    /// assert!(stream.next().await.unwrap().is_err());
    /// # });
    /// ```
    fn timeout(self, duration: Duration) -> Timeout<Self>
    where
        Self: Sized,
    {
        Timeout::new(self, duration)
    }

    /// The items, with [`Elapsed`](super::Elapsed) at every tick of `interval` that passes while one is waited for.
    ///
    /// The interval begins anew now and with each item.
    fn timeout_repeating(self, interval: Interval) -> TimeoutRepeating<Self>
    where
        Self: Sized,
    {
        TimeoutRepeating::new(self, interval)
    }

    /// The items, with at least `duration` from when one is answered to when the next is asked for.
    fn throttle(self, duration: Duration) -> Throttle<Self>
    where
        Self: Sized,
    {
        Throttle::new(self, duration)
    }

    /// Batches of up to `size_max` items, each answered when it is full, or `duration` after its first item came.
    ///
    /// # Panics
    ///
    /// If `size_max` is 0.
    ///
    /// ```
    /// use std::time::Duration;
    /// use minato_runtime::stream::{self, StreamExt};
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().start_paused(true).build().unwrap().block_on(async {
    /// let mut batches =
    ///     stream::iter(1..=3).chain(stream::pending()).chunks_timeout(2, Duration::from_secs(1));
    /// minato_runtime::pin!(batches);
    /// assert_eq!(batches.next().await, Some(vec![1, 2]));
    /// assert_eq!(batches.next().await, Some(vec![3]));
    /// # });
    /// ```
    #[track_caller]
    fn chunks_timeout(self, size_max: usize, duration: Duration) -> ChunksTimeout<Self>
    where
        Self: Sized,
    {
        ChunksTimeout::new(self, size_max, duration)
    }

    /// The same stream behind a pointer, without its type.
    fn boxed<'a>(self) -> BoxStream<'a, Self::Item>
    where
        Self: Send + Sized + 'a,
    {
        Box::pin(self)
    }

    /// The same stream behind a pointer, without its type, for one thread.
    fn boxed_local<'a>(self) -> LocalBoxStream<'a, Self::Item>
    where
        Self: Sized + 'a,
    {
        Box::pin(self)
    }
}

impl<S: Stream + ?Sized> StreamExt for S {}
