//! Giving up on a future.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::{Instant, Sleep, sleep_until};

/// Gives `future` at most `duration` to finish, counted from the first poll.
///
/// The clock is read and a timer started only if that first poll is pending: a future that is ready at once pays
/// nothing.
///
/// # Errors
///
/// [`Elapsed`] if the time is up first. The future is dropped with the `Timeout`.
///
/// # Cancel safety
///
/// Dropping it drops `future`.
///
/// ```
/// # use std::time::Duration;
/// # let rt = minato_runtime::runtime::Builder::new_current_thread().start_paused(true).build().unwrap();
/// # rt.block_on(async {
/// use minato_runtime::time::timeout;
/// assert_eq!(timeout(Duration::from_millis(5), async { 1 }).await, Ok(1));
/// assert!(timeout(Duration::from_millis(5), std::future::pending::<()>()).await.is_err());
/// # });
/// ```
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    Timeout { future: future.into_future(), limit: Limit::Duration(duration) }
}

/// Gives `future` until `deadline` to finish; see [`timeout`].
///
/// # Errors
///
/// As [`timeout`].
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    Timeout { future: future.into_future(), limit: Limit::Timer(sleep_until(deadline)) }
}

pin_project_lite::pin_project! {
    /// The future of [`timeout`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Timeout<F> {
        #[pin]
        future: F,
        limit: Limit,
    }
}

enum Limit {
    /// Not polled yet.
    Duration(Duration),
    Timer(Sleep),
}

impl<F> Timeout<F> {
    /// The future.
    pub fn get_ref(&self) -> &F {
        &self.future
    }

    /// The future.
    pub fn get_mut(&mut self) -> &mut F {
        &mut self.future
    }

    /// The future, without the limit.
    pub fn into_inner(self) -> F {
        self.future
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let had_budget = crate::task::coop::has_units();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        if let Limit::Duration(duration) = *this.limit {
            *this.limit = Limit::Timer(super::sleep(duration));
        }
        let Limit::Timer(timer) = this.limit else { return Poll::Pending };
        poll_limit(timer, cx, had_budget).map(|()| Err(Elapsed::new()))
    }
}

/// Polls the timer of something that was polled just now; `had_budget` says whether there was a budget before.
///
/// What spends the whole budget in every poll must not outlive its limit for that.
#[inline]
pub(crate) fn poll_limit(timer: &mut Sleep, cx: &mut Context<'_>, had_budget: bool) -> Poll<()> {
    if had_budget && !crate::task::coop::has_budget_remaining() {
        poll_unconstrained(timer, cx)
    } else {
        timer.poll_elapsed(cx)
    }
}

#[cold]
fn poll_unconstrained(timer: &mut Sleep, cx: &mut Context<'_>) -> Poll<()> {
    Pin::new(&mut crate::task::coop::unconstrained(timer)).poll(cx)
}

impl<F: fmt::Debug> fmt::Debug for Timeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").field("future", &self.future).finish_non_exhaustive()
    }
}

/// The time was up before the future was ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed(());

impl Elapsed {
    pub(crate) fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deadline has elapsed")
    }
}

impl std::error::Error for Elapsed {}

impl From<Elapsed> for std::io::Error {
    fn from(elapsed: Elapsed) -> Self {
        std::io::Error::new(std::io::ErrorKind::TimedOut, elapsed)
    }
}
