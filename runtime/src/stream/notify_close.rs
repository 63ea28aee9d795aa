//! The end of a stream as an item.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

pin_project_lite::pin_project! {
    /// A stream whose end is an item: each item is `Some(_)`, then comes `None` once, and then the end.
    ///
    /// In a [`StreamMap`](super::StreamMap) it tells which stream has ended.
    ///
    /// ```
    /// use minato_runtime::stream::{self, StreamExt, StreamMap, StreamNotifyClose};
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut map = StreamMap::new();
    /// map.insert("numbers", StreamNotifyClose::new(stream::iter([1])));
    /// assert_eq!(map.next().await, Some(("numbers", Some(1))));
    /// assert_eq!(map.next().await, Some(("numbers", None)));
    /// assert_eq!(map.next().await, None);
    /// # });
    /// ```
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct StreamNotifyClose<S> {
        // `None` once its end was told.
        #[pin]
        stream: Option<S>,
    }
}

impl<S> StreamNotifyClose<S> {
    /// Tells the end of `stream`.
    pub fn new(stream: S) -> Self {
        Self { stream: Some(stream) }
    }

    /// The stream, unless its end was told.
    #[must_use]
    pub fn into_inner(self) -> Option<S> {
        self.stream
    }
}

impl<S: Stream> Stream for StreamNotifyClose<S> {
    type Item = Option<S::Item>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut stream = self.project().stream;
        let Some(inner) = stream.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let item = ready!(inner.poll_next(cx));
        if item.is_none() {
            stream.set(None);
        }
        Poll::Ready(Some(item))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let Some(stream) = &self.stream else { return (0, Some(0)) };
        let (least, most) = stream.size_hint();
        (least.saturating_add(1), most.and_then(|most| most.checked_add(1)))
    }
}
