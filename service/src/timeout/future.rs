//! A call with a time bound.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::{Elapsed, TimeoutError};
use crate::clock::Timer;

pin_project! {
    /// The future of [`Timeout`](super::Timeout).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        timer: Timer,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn unbound(inner: F) -> Self {
        Self { inner, timer: Timer::Never }
    }

    pub(super) fn new(inner: F, duration: Duration) -> Self {
        Self { inner, timer: Timer::new(duration) }
    }
}

impl<F, Response, Error> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response, Error>>,
{
    type Output = Result<Response, TimeoutError<Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(result) = this.inner.poll(cx) {
            return Poll::Ready(result.map_err(TimeoutError::Inner));
        }
        ready!(this.timer.poll_elapsed(cx));
        Poll::Ready(Err(TimeoutError::Elapsed(Elapsed::new())))
    }
}
