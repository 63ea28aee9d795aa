//! Streams under keys, as one stream.

use std::borrow::Borrow;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::scheduler::random_below;

/// Streams under keys, merged into one stream of keys and items.
///
/// Each poll begins with a random stream (which follows from the runtime's seed), so that a busy one does not keep
/// the others from being heard. A stream that ends is removed. The streams are in one list, all of which may be polled
/// to find an item: for some dozens of streams, not for thousands.
///
/// # Examples
///
/// ```
/// use minato_runtime::stream::{self, StreamExt, StreamMap};
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut map = StreamMap::new();
/// map.insert("left", stream::once(1));
/// map.insert("right", stream::once(2));
/// let mut items: Vec<_> = map.collect().await;
/// items.sort_unstable();
/// assert_eq!(items, [("left", 1), ("right", 2)]);
/// # });
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct StreamMap<K, V> {
    entries: Vec<(K, V)>,
}

impl<K, V> StreamMap<K, V> {
    /// No streams; allocates when the first comes.
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// No streams, with room for `capacity`.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { entries: Vec::with_capacity(capacity) }
    }

    /// The keys, in no particular order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// The streams, in no particular order.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, stream)| stream)
    }

    /// The streams, in no particular order.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.iter_mut().map(|(_, stream)| stream)
    }

    /// The keys and streams, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.entries.iter()
    }

    /// The keys and streams, in no particular order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.entries.iter_mut().map(|(key, stream)| (&*key, stream))
    }

    /// How many streams there is room for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.entries.capacity()
    }

    /// How many streams there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no stream.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Drops all streams.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Puts a stream in; answers the one that had the key before.
    pub fn insert(&mut self, key: K, stream: V) -> Option<V>
    where
        K: Eq,
    {
        let replaced = self.remove(&key);
        self.entries.push((key, stream));
        replaced
    }

    /// Takes a stream out.
    pub fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let index = self.entries.iter().position(|(other, _)| other.borrow() == key)?;
        Some(self.entries.swap_remove(index).1)
    }

    /// Whether there is a stream under `key`.
    #[must_use]
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.keys().any(|other| other.borrow() == key)
    }
}

impl<K, V: Stream + Unpin> StreamMap<K, V> {
    /// Polls the streams, each at most once, until `found` answers true for the key and item of one.
    fn poll_each(&mut self, cx: &mut Context<'_>, mut found: impl FnMut(&K, V::Item) -> bool) {
        let mut left = self.entries.len();
        if left == 0 {
            return;
        }
        let start = match u32::try_from(left) {
            Ok(bound) => random_below(bound) as usize,
            Err(_) => 0,
        };
        let mut index = start;
        while left > 0 {
            left -= 1;
            let (key, stream) = &mut self.entries[index];
            match Pin::new(stream).poll_next(cx) {
                Poll::Ready(Some(item)) => {
                    if found(key, item) {
                        return;
                    }
                    index += 1;
                }
                Poll::Pending => index += 1,
                Poll::Ready(None) => {
                    self.entries.swap_remove(index);
                    // The last has taken its place. Once we are past the end and back at the beginning, it is one of
                    // those polled already, unless all of them were moved forward before.
                    if index < start && start <= self.entries.len() {
                        index += 1;
                    }
                }
            }
            if index >= self.entries.len() {
                index = 0;
            }
        }
    }
}

impl<K: Clone, V: Stream + Unpin> StreamMap<K, V> {
    /// Appends up to `limit` keys and items to `buffer`, waiting for the first, and answers how many; 0 if there is no
    /// stream, or `limit` is 0.
    ///
    /// At most one item is taken from each stream.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no item.
    pub async fn next_many(&mut self, buffer: &mut Vec<(K, V::Item)>, limit: usize) -> usize {
        poll_fn(|cx| self.poll_next_many(cx, buffer, limit)).await
    }

    /// Attempts to take up to `limit` items; see [`next_many`](Self::next_many).
    pub fn poll_next_many(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<(K, V::Item)>,
        limit: usize,
    ) -> Poll<usize> {
        if limit == 0 {
            return Poll::Ready(0);
        }
        let mut count = 0;
        self.poll_each(cx, |key, item| {
            buffer.push((key.clone(), item));
            count += 1;
            count == limit
        });
        if count > 0 || self.is_empty() { Poll::Ready(count) } else { Poll::Pending }
    }
}

impl<K: Clone, V: Stream + Unpin> Stream for StreamMap<K, V> {
    type Item = (K, V::Item);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut next = None;
        self.poll_each(cx, |key, item| {
            next = Some((key.clone(), item));
            true
        });
        if next.is_some() || self.is_empty() { Poll::Ready(next) } else { Poll::Pending }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.values().map(Stream::size_hint).fold((0, Some(0)), |(least, most), (least_of, most_of)| {
            let most = most.zip(most_of).and_then(|(most, most_of)| most.checked_add(most_of));
            (least.saturating_add(least_of), most)
        })
    }
}

impl<K, V> Unpin for StreamMap<K, V> {}

impl<K, V> Default for StreamMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Eq, V> Extend<(K, V)> for StreamMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, streams: I) {
        for (key, stream) in streams {
            self.insert(key, stream);
        }
    }
}

impl<K: Eq, V> FromIterator<(K, V)> for StreamMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(streams: I) -> Self {
        let mut map = Self::new();
        map.extend(streams);
        map
    }
}

impl<K: fmt::Debug, V> fmt::Debug for StreamMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys()).finish()
    }
}
