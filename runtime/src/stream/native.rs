//! Types of this crate that are streams by themselves.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::io::{AsyncBufRead, Lines, Split};
use crate::sync::{mpmc, mpsc};
use crate::task::{JoinError, JoinSet};
use crate::time::{Instant, Interval};

/// The messages; ends as [`recv`](mpsc::Receiver::recv) does.
impl<T> Stream for mpsc::Receiver<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.poll_recv(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let is_last = self.sender_strong_count() == 0;
        still_to_come(is_last, self.len())
    }
}

/// The messages; ends as [`recv`](mpsc::UnboundedReceiver::recv) does.
impl<T> Stream for mpsc::UnboundedReceiver<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.poll_recv(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let is_last = self.sender_strong_count() == 0;
        still_to_come(is_last, self.len())
    }
}

/// The messages this receiver is quicker to than others; ends as [`recv`](mpmc::Receiver::recv) does.
///
/// A receiver whose stream has waited stays in line until it is polled again, or receives in another way: one that is
/// kept and not polled keeps the message it was told of from those who wait. In a `select!`, use `recv`.
impl<T> Stream for mpmc::Receiver<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.poll_stream(cx)
    }
}

/// `is_last` must have been asked first: nothing is added after it was true.
fn still_to_come(is_last: bool, there: usize) -> (usize, Option<usize>) {
    (there, is_last.then_some(there))
}

/// When each tick was due; never ends.
impl Stream for Interval {
    type Item = Instant;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Instant>> {
        self.poll_tick(cx).map(Some)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}

/// The lines, or the error that kept one from being read.
impl<R: AsyncBufRead> Stream for Lines<R> {
    type Item = io::Result<String>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_next_line(cx).map(Result::transpose)
    }
}

/// The pieces, or the error that kept one from being read.
impl<R: AsyncBufRead> Stream for Split<R> {
    type Item = io::Result<Vec<u8>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_next_segment(cx).map(Result::transpose)
    }
}

/// The outputs in the order in which the tasks end; ends while the set is empty.
impl<T: 'static> Stream for JoinSet<T> {
    type Item = Result<T, JoinError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_join_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

/// The arrivals.
#[cfg(feature = "signal")]
impl Stream for crate::signal::unix::Signal {
    type Item = ();

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<()>> {
        self.poll_recv(cx)
    }
}
