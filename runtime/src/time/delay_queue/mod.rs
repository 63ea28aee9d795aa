//! Values that are handed out when their time has come.
//!
//! Inside: `heap` keeps the values in the order of their deadlines; the queue around it waits with one timer.

mod heap;
#[cfg(all(test, not(loom)))]
mod tests;

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

pub use heap::Key;

use self::heap::Heap;
use super::{Instant, Sleep, sleep};
use crate::task::coop::poll_proceed;

/// A queue of values, each of which comes out when its time has come.
///
/// For caches whose entries expire, retries and the timeouts of many things in one task: all values share one timer of
/// the runtime. Putting one in that is due after the others is a few stores, anything else takes a time that grows with
/// the logarithm of their number. Values come out in the order of their deadlines to the nanosecond; those with equal
/// ones in the order in which they were put in.
///
/// With the feature `stream` it is a stream of [`Expired`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use minato_runtime::time::DelayQueue;
///
/// # minato_runtime::runtime::Builder::new_current_thread().start_paused(true).build().unwrap().block_on(async {
/// let mut queue = DelayQueue::new();
/// let first = queue.insert("first", Duration::from_secs(1));
/// queue.insert("second", Duration::from_secs(2));
/// queue.reset(&first, Duration::from_secs(3));
/// assert_eq!(queue.expired().await.unwrap().into_inner(), "second");
/// assert_eq!(queue.expired().await.unwrap().into_inner(), "first");
/// assert!(queue.expired().await.is_none());
/// # });
/// ```
pub struct DelayQueue<T> {
    heap: Heap<T>,
    /// Set for the first deadline, or an earlier one.
    timer: Sleep,
    /// Who polled last.
    waker: Option<Waker>,
}

/// A value that has left a [`DelayQueue`].
#[derive(Debug)]
pub struct Expired<T> {
    value: T,
    deadline: Instant,
    key: Key,
}

impl<T> DelayQueue<T> {
    /// An empty queue; allocates when the first value comes.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// An empty queue with room for `capacity` values.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { heap: Heap::with_capacity(capacity), timer: sleep(Duration::ZERO), waker: None }
    }

    /// Puts a value in that comes out at `deadline`, and answers the key for it.
    ///
    /// If it is the first to come out, whoever polled last is woken, also if the queue was empty then.
    pub fn insert_at(&mut self, value: T, deadline: Instant) -> Key {
        let key = self.heap.push(deadline, value);
        self.wake_for(key);
        key
    }

    /// Puts a value in that comes out after `delay`, and answers the key for it.
    ///
    /// If it is the first to come out, whoever polled last is woken, also if the queue was empty then.
    pub fn insert(&mut self, value: T, delay: Duration) -> Key {
        self.insert_at(value, far_at_most(delay))
    }

    /// Wakes whoever waits if the value of `key` is the first.
    fn wake_for(&mut self, key: Key) {
        if self.heap.first().is_some_and(|(first, _)| first == key)
            && let Some(waker) = self.waker.take()
        {
            waker.wake();
        }
    }

    /// Waits for the next value whose time has come; `None` if the queue is empty.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no value.
    pub async fn expired(&mut self) -> Option<Expired<T>> {
        poll_fn(|cx| self.poll_expired(cx)).await
    }

    /// Attempts to take the next value whose time has come; `Ready(None)` if the queue is empty.
    pub fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<Option<Expired<T>>> {
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            waker => *waker = Some(cx.waker().clone()),
        }
        loop {
            let Some((key, deadline)) = self.heap.first() else { return Poll::Ready(None) };
            if deadline <= Instant::now() {
                let unit = ready!(poll_proceed(cx));
                unit.made_progress();
                return Poll::Ready(self.try_remove(&key));
            }
            if self.timer.deadline() != deadline {
                self.timer.reset(deadline);
            }
            ready!(self.timer.poll_elapsed(cx));
        }
    }

    /// Takes a value out before its time.
    ///
    /// # Panics
    ///
    /// If it has left the queue already; see [`try_remove`](Self::try_remove).
    #[track_caller]
    pub fn remove(&mut self, key: &Key) -> Expired<T> {
        self.try_remove(key).expect("the value of this key has left the queue")
    }

    /// Takes a value out before its time, if it is still in the queue.
    pub fn try_remove(&mut self, key: &Key) -> Option<Expired<T>> {
        let (deadline, value) = self.heap.remove(*key)?;
        Some(Expired { value, deadline, key: *key })
    }

    /// When a value comes out.
    ///
    /// # Panics
    ///
    /// If it has left the queue.
    #[must_use]
    #[track_caller]
    pub fn deadline(&self, key: &Key) -> Instant {
        self.heap.deadline(*key).expect("the value of this key has left the queue")
    }

    /// Changes when a value comes out; it counts as put in just now.
    ///
    /// # Panics
    ///
    /// If it has left the queue.
    #[track_caller]
    pub fn reset_at(&mut self, key: &Key, deadline: Instant) {
        assert!(self.heap.reset(*key, deadline), "the value of this key has left the queue");
        self.wake_for(*key);
    }

    /// As [`reset_at`](Self::reset_at), counted from now.
    ///
    /// # Panics
    ///
    /// As [`reset_at`](Self::reset_at).
    #[track_caller]
    pub fn reset(&mut self, key: &Key, delay: Duration) {
        self.reset_at(key, far_at_most(delay));
    }

    /// The key of the value that comes out first.
    #[must_use]
    pub fn peek(&self) -> Option<Key> {
        self.heap.first().map(|(key, _)| key)
    }

    /// Drops all values; their keys name nothing any more.
    pub fn clear(&mut self) {
        self.heap.clear();
    }

    /// How many values are in the queue.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether no value is in the queue.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many values there is room for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.heap.capacity()
    }

    /// Makes room for `additional` values more.
    pub fn reserve(&mut self, additional: usize) {
        self.heap.reserve(additional);
    }

    /// Frees memory that is not used; keys stay good.
    pub fn shrink_to_fit(&mut self) {
        self.heap.shrink();
    }

    /// Frees memory that is not used; the same as [`shrink_to_fit`](Self::shrink_to_fit), under the name that tokio's
    /// queue has for it.
    pub fn compact(&mut self) {
        self.heap.shrink();
    }
}

/// After `delay`, or thirty years if that is beyond what the clock can tell.
fn far_at_most(delay: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(delay).unwrap_or_else(|| now + Duration::from_secs(30 * 365 * 86_400))
}

impl<T> Expired<T> {
    /// When its time had come, or would have.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The key it had, which names nothing any more.
    #[must_use]
    pub fn key(&self) -> Key {
        self.key
    }

    /// The value.
    pub fn get_ref(&self) -> &T {
        &self.value
    }

    /// The value.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.value
    }

    /// The value.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Unpin for DelayQueue<T> {}

impl<T> Default for DelayQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The values whose time has come; ends while the queue is empty.
#[cfg(feature = "stream")]
impl<T> futures_core::Stream for DelayQueue<T> {
    type Item = Expired<T>;

    fn poll_next(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_expired(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), None)
    }
}

impl<T> fmt::Debug for DelayQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DelayQueue").field("len", &self.len()).finish_non_exhaustive()
    }
}
