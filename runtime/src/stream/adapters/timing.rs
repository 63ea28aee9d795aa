//! Limits on the wait, and paces.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;

use super::Fuse;
use crate::task::coop::has_budget_remaining;
use crate::time::{Elapsed, Interval, Sleep, poll_limit, sleep};

pin_project_lite::pin_project! {
    /// A stream that tells when an item is late; made by [`StreamExt::timeout`](crate::stream::StreamExt::timeout).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Timeout<S> {
        #[pin]
        stream: Fuse<S>,
        duration: Duration,
        timer: Sleep,
        wait: Wait,
    }
}

/// How far a [`Timeout`] is with an item.
#[derive(Clone, Copy, Debug)]
enum Wait {
    /// Nobody has waited for it.
    NotYet,
    /// The timer runs.
    Limited,
    /// It was told that it is late.
    Late,
}

pin_project_lite::pin_project! {
    /// A stream that tells again and again while an item is late; made by
    /// [`StreamExt::timeout_repeating`](crate::stream::StreamExt::timeout_repeating).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct TimeoutRepeating<S> {
        #[pin]
        stream: Fuse<S>,
        interval: Interval,
    }
}

pin_project_lite::pin_project! {
    /// A stream with time between its items; made by [`StreamExt::throttle`](crate::stream::StreamExt::throttle).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Throttle<S> {
        #[pin]
        stream: S,
        duration: Duration,
        // Before which no item is asked for.
        pause: Option<Sleep>,
    }
}

pin_project_lite::pin_project! {
    /// A stream of batches; made by [`StreamExt::chunks_timeout`](crate::stream::StreamExt::chunks_timeout).
    #[must_use = "streams do nothing unless polled"]
    pub struct ChunksTimeout<S: Stream> {
        #[pin]
        stream: Fuse<S>,
        size_max: usize,
        duration: Duration,
        items: Vec<S::Item>,
        // Runs while there are items.
        timer: Sleep,
    }
}

impl<S> Timeout<S> {
    pub(in crate::stream) fn new(stream: S, duration: Duration) -> Self {
        Self { stream: Fuse::new(stream), duration, timer: sleep(Duration::ZERO), wait: Wait::NotYet }
    }
}

impl<S> TimeoutRepeating<S> {
    pub(in crate::stream) fn new(stream: S, mut interval: Interval) -> Self {
        interval.reset();
        Self { stream: Fuse::new(stream), interval }
    }
}

impl<S> Throttle<S> {
    pub(in crate::stream) fn new(stream: S, duration: Duration) -> Self {
        Self { stream, duration, pause: None }
    }

    /// The stream.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// The stream.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The stream, without the pace.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: Stream> ChunksTimeout<S> {
    pub(in crate::stream) fn new(stream: S, size_max: usize, duration: Duration) -> Self {
        assert!(size_max > 0, "a batch needs room for at least one item");
        Self {
            stream: Fuse::new(stream),
            size_max,
            duration,
            items: Vec::new(),
            timer: sleep(Duration::ZERO),
        }
    }

    /// Takes the items out that have not made a batch yet.
    pub fn into_remainder(self: Pin<&mut Self>) -> Vec<S::Item> {
        mem::take(self.project().items)
    }
}

impl<S: Stream> Stream for Timeout<S> {
    type Item = Result<S::Item, Elapsed>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let had_budget = has_budget_remaining();
        if let Poll::Ready(next) = this.stream.poll_next(cx) {
            *this.wait = Wait::NotYet;
            return Poll::Ready(next.map(Ok));
        }
        match *this.wait {
            Wait::NotYet => {
                this.timer.reset_after(*this.duration);
                *this.wait = Wait::Limited;
            }
            Wait::Limited => {}
            Wait::Late => return Poll::Pending,
        }
        ready!(poll_limit(this.timer, cx, had_budget));
        *this.wait = Wait::Late;
        Poll::Ready(Some(Err(Elapsed::new())))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        hint_with_delays(self.stream.size_hint())
    }
}

/// Each item, and the end, may be preceded by one that tells of the delay.
fn hint_with_delays((least, most): (usize, Option<usize>)) -> (usize, Option<usize>) {
    (least, most.and_then(|most| most.checked_mul(2)?.checked_add(1)))
}

impl<S: Stream> Stream for TimeoutRepeating<S> {
    type Item = Result<S::Item, Elapsed>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        if let Poll::Ready(next) = this.stream.poll_next(cx) {
            if next.is_some() {
                this.interval.reset();
            }
            return Poll::Ready(next.map(Ok));
        }
        this.interval.poll_tick(cx).map(|_| Some(Err(Elapsed::new())))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.stream.size_hint().0, None)
    }
}

impl<S: Stream> Stream for Throttle<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        if let Some(pause) = this.pause {
            ready!(pause.poll_elapsed(cx));
        }
        *this.pause = None;
        let next = ready!(this.stream.poll_next(cx));
        if next.is_some() && !this.duration.is_zero() {
            *this.pause = Some(sleep(*this.duration));
        }
        Poll::Ready(next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

impl<S: Stream> Stream for ChunksTimeout<S> {
    type Item = Vec<S::Item>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        let had_budget = has_budget_remaining();
        while let Poll::Ready(next) = this.stream.as_mut().poll_next(cx) {
            let Some(item) = next else {
                let rest = mem::take(this.items);
                return Poll::Ready((!rest.is_empty()).then_some(rest));
            };
            if this.items.is_empty() {
                this.timer.reset_after(*this.duration);
            }
            this.items.push(item);
            if this.items.len() == *this.size_max {
                return Poll::Ready(Some(mem::take(this.items)));
            }
        }
        if this.items.is_empty() {
            return Poll::Pending;
        }
        ready!(poll_limit(this.timer, cx, had_budget));
        Poll::Ready(Some(mem::take(this.items)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (least, most) = self.stream.size_hint();
        let kept = self.items.len();
        (least.saturating_add(kept).div_ceil(self.size_max), most.and_then(|most| most.checked_add(kept)))
    }
}

impl<S: Stream + fmt::Debug> fmt::Debug for ChunksTimeout<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunksTimeout")
            .field("stream", &self.stream)
            .field("items", &self.items.len())
            .finish_non_exhaustive()
    }
}
