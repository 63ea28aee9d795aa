//! Futures of one type, polled in one task, and their outputs in the order in which the futures came.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::FuturesUnordered;

/// Runs futures of one type in this task, and answers their outputs in the order in which the futures were pushed.
///
/// A stream, as [`FuturesUnordered`] is. Outputs that come out of turn wait here.
///
/// ```
/// use minato_runtime::stream::{FuturesOrdered, StreamExt};
/// use std::future::ready;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let futures: FuturesOrdered<_> = (1..=3).map(ready).collect();
/// assert_eq!(futures.collect::<Vec<_>>().await, [1, 2, 3]);
/// # });
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct FuturesOrdered<F: Future> {
    running: FuturesUnordered<Numbered<F>>,
    /// One for each future pushed and not answered, in order; `None` while it runs.
    outputs: VecDeque<Option<F::Output>>,
    /// The number of the first of `outputs`.
    first: usize,
}

pin_project_lite::pin_project! {
    struct Numbered<F> {
        number: usize,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Numbered<F> {
    type Output = (usize, F::Output);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.future.poll(cx).map(|output| (*this.number, output))
    }
}

impl<F: Future> FuturesOrdered<F> {
    /// An empty queue; allocates when the first future comes.
    pub fn new() -> Self {
        Self { running: FuturesUnordered::new(), outputs: VecDeque::new(), first: 0 }
    }

    /// How many futures are running or have an output that was not answered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.outputs.len()
    }

    /// Whether every output was answered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.outputs.is_empty()
    }

    /// Puts a future at the end.
    pub fn push_back(&mut self, future: F) {
        let number = self.first.wrapping_add(self.outputs.len());
        self.outputs.push_back(None);
        self.running.push(Numbered { number, future });
    }
}

impl<F: Future> Stream for FuturesOrdered<F> {
    type Item = F::Output;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let this = &mut *self;
        loop {
            match this.outputs.front() {
                None => return Poll::Ready(None),
                Some(Some(_)) => {
                    this.first = this.first.wrapping_add(1);
                    return Poll::Ready(this.outputs.pop_front().flatten());
                }
                Some(None) => {}
            }
            match ready!(Pin::new(&mut this.running).poll_next(cx)) {
                Some((number, output)) => {
                    this.outputs[number.wrapping_sub(this.first)] = Some(output);
                }
                // The first has panicked, and is through without an output.
                None => {
                    this.first = this.first.wrapping_add(1);
                    this.outputs.pop_front();
                }
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

impl<F: Future> Unpin for FuturesOrdered<F> {}

impl<F: Future> Default for FuturesOrdered<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F: Future> Extend<F> for FuturesOrdered<F> {
    fn extend<I: IntoIterator<Item = F>>(&mut self, futures: I) {
        futures.into_iter().for_each(|future| self.push_back(future));
    }
}

impl<F: Future> FromIterator<F> for FuturesOrdered<F> {
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Self {
        let mut queue = Self::new();
        queue.extend(futures);
        queue
    }
}

impl<F: Future> fmt::Debug for FuturesOrdered<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FuturesOrdered").field("len", &self.len()).finish_non_exhaustive()
    }
}
