//! A call on a task.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::OffloadError;
use crate::clock::Owned;

/// The future of [`Offload`](super::Offload) and [`BlockingFn`](super::BlockingFn).
///
/// # Cancel safety
///
/// Dropping it aborts the task; a function that blocks and has begun goes on to its end.
#[must_use = "dropping it aborts the call"]
pub struct ResponseFuture<T, E> {
    task: Owned<Result<T, E>>,
}

impl<T, E> ResponseFuture<T, E> {
    pub(super) fn new(task: Owned<Result<T, E>>) -> Self {
        Self { task }
    }
}

impl<T, E> Future for ResponseFuture<T, E> {
    type Output = Result<T, OffloadError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(Pin::new(&mut self.task).poll(cx)) {
            Ok(result) => result.map_err(OffloadError::Inner),
            Err(lost) => Err(OffloadError::Lost(lost)),
        })
    }
}

impl<T, E> fmt::Debug for ResponseFuture<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("offload::ResponseFuture").finish_non_exhaustive()
    }
}
