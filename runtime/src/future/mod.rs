//! The everyday methods of futures.
//!
//! What `std` has, [`poll_fn`](std::future::poll_fn), [`ready`](std::future::ready) and
//! [`pending`](std::future::pending), is not repeated here.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::sync::{CancellationToken, WaitForCancellationFuture, WaitForCancellationFutureOwned};
use crate::time::{Instant, Timeout, timeout, timeout_at};

/// The everyday methods of [`Future`].
///
/// ```
/// use std::future::pending;
/// use std::time::Duration;
/// use minato_runtime::future::FutureExt;
///
/// # minato_runtime::runtime::Builder::new_current_thread().start_paused(true).build().unwrap().block_on(async {
/// assert!(pending::<()>().timeout(Duration::from_secs(1)).await.is_err());
/// # });
/// ```
pub trait FutureExt: Future {
    /// Gives the future at most `duration` to finish; see [`timeout`](timeout()).
    ///
    /// # Errors
    ///
    /// As [`timeout`](timeout()).
    fn timeout(self, duration: Duration) -> Timeout<Self>
    where
        Self: Sized,
    {
        timeout(duration, self)
    }

    /// Gives the future until `deadline` to finish; see [`timeout_at`](timeout_at()).
    ///
    /// # Errors
    ///
    /// As [`timeout_at`](timeout_at()).
    fn timeout_at(self, deadline: Instant) -> Timeout<Self>
    where
        Self: Sized,
    {
        timeout_at(deadline, self)
    }

    /// The output, or `None` if `token` is cancelled first.
    ///
    /// The future is polled before the token is looked at: one that is ready has its output. (Unlike
    /// [`run_until_cancelled`](CancellationToken::run_until_cancelled), also if the token was cancelled before.)
    ///
    /// # Cancel safety
    ///
    /// As safe as the future is.
    fn with_cancellation_token(self, token: &CancellationToken) -> WithCancellationTokenFuture<'_, Self>
    where
        Self: Sized,
    {
        WithCancellationTokenFuture { future: self, cancelled: token.cancelled() }
    }

    /// As [`with_cancellation_token`](Self::with_cancellation_token), with a future that owns the token.
    ///
    /// # Cancel safety
    ///
    /// As safe as the future is.
    fn with_cancellation_token_owned(self, token: CancellationToken) -> WithCancellationTokenFutureOwned<Self>
    where
        Self: Sized,
    {
        WithCancellationTokenFutureOwned { future: self, cancelled: token.cancelled_owned() }
    }
}

impl<F: Future + ?Sized> FutureExt for F {}

pin_project_lite::pin_project! {
    /// Runs a future until a token is cancelled; made by [`FutureExt::with_cancellation_token`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct WithCancellationTokenFuture<'a, F> {
        #[pin]
        future: F,
        cancelled: WaitForCancellationFuture<'a>,
    }
}

pin_project_lite::pin_project! {
    /// Runs a future until a token is cancelled, and owns that; made by [`FutureExt::with_cancellation_token_owned`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct WithCancellationTokenFutureOwned<F> {
        #[pin]
        future: F,
        cancelled: WaitForCancellationFutureOwned,
    }
}

impl<F: Future> Future for WithCancellationTokenFuture<'_, F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.future.poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => Pin::new(this.cancelled).poll(cx).map(|()| None),
        }
    }
}

impl<F: Future> Future for WithCancellationTokenFutureOwned<F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.future.poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => Pin::new(this.cancelled).poll(cx).map(|()| None),
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::test_support::{poll_once, ready};
    use std::future::{pending, ready as ready_with};
    use std::pin::pin;

    #[test]
    fn a_token_ends_what_is_not_ready() {
        let token = CancellationToken::new();
        let mut waiting = pin!(pending::<()>().with_cancellation_token(&token));
        let mut owning = pin!(pending::<()>().with_cancellation_token_owned(token.clone()));
        assert!(poll_once(waiting.as_mut()).is_pending() && poll_once(owning.as_mut()).is_pending());
        token.cancel();
        assert_eq!((ready(waiting), ready(owning)), (None, None));
        assert_eq!(ready(ready_with(1).with_cancellation_token(&token)), Some(1));
        assert_eq!(ready(ready_with(1).with_cancellation_token_owned(token.clone())), Some(1));
    }
}
