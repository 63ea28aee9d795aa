//! Waiting for a cancellation.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::CancellationToken;
use crate::sync::Notified;
use crate::sync::notify::Waiting;
use crate::task::WaitSite;
use crate::task::coop::poll_proceed;

/// Waits until a token is cancelled; made by [`CancellationToken::cancelled`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct WaitForCancellationFuture<'a> {
    token: &'a CancellationToken,
    notified: Notified<'a>,
}

/// Waits until a token is cancelled, and owns it; made by [`CancellationToken::cancelled_owned`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct WaitForCancellationFutureOwned {
    token: CancellationToken,
    waiting: Waiting,
}

impl<'a> WaitForCancellationFuture<'a> {
    pub(super) fn new(token: &'a CancellationToken) -> Self {
        Self { token, notified: token.node.cancelled.notified() }
    }
}

impl WaitForCancellationFutureOwned {
    pub(super) fn new(token: CancellationToken) -> Self {
        let waiting = Waiting::new(&token.node.cancelled);
        Self { token, waiting }
    }
}

/// The call is made only after the token was marked, and reaches every future made before it.
fn poll_cancelled(
    token: &CancellationToken,
    cx: &mut Context<'_>,
    wait: impl FnOnce(&mut Context<'_>) -> Poll<()>,
) -> Poll<()> {
    if !token.is_cancelled() {
        return WaitSite::Cancelled.of(wait(cx));
    }
    let unit = ready!(poll_proceed(cx));
    unit.made_progress();
    Poll::Ready(())
}

impl Future for WaitForCancellationFuture<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { token, notified } = &mut *self;
        poll_cancelled(token, cx, |cx| Pin::new(notified).poll(cx))
    }
}

impl Future for WaitForCancellationFutureOwned {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { token, waiting } = &mut *self;
        poll_cancelled(token, cx, |cx| waiting.poll(&token.node.cancelled, cx))
    }
}

impl Drop for WaitForCancellationFutureOwned {
    fn drop(&mut self) {
        self.waiting.leave(&self.token.node.cancelled);
    }
}

pin_project_lite::pin_project! {
    /// Runs a future until a token is cancelled.
    pub(super) struct RunUntilCancelled<'a, F> {
        #[pin]
        future: F,
        cancelled: WaitForCancellationFuture<'a>,
    }
}

impl<'a, F> RunUntilCancelled<'a, F> {
    pub(super) fn new(token: &'a CancellationToken, future: F) -> Self {
        Self { future, cancelled: token.cancelled() }
    }
}

impl<F: Future> Future for RunUntilCancelled<'_, F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Some(output));
        }
        Pin::new(this.cancelled).poll(cx).map(|()| None)
    }
}
