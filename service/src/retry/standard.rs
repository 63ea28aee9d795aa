//! The policy for most callers.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{Backoff, Delays, Policy, RetryBudget};
use crate::clock::Timer;
use crate::limits::RETRY_ATTEMPTS_MAX;

/// Retries what a classifier marks, with backoff, up to three attempts and within an optional budget.
///
/// ```
/// use std::time::Duration;
/// use minato_service::{Backoff, RetryBudget, ServiceBuilder};
/// use minato_service::retry::StandardPolicy;
///
/// let backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(1));
/// let policy = StandardPolicy::new(backoff, |result: &Result<String, std::io::Error>| result.is_err())
///     .attempts_max(4)
///     .budget(RetryBudget::default());
/// let layers = ServiceBuilder::new().retry(policy);
/// # drop(layers);
/// ```
#[derive(Clone)]
pub struct StandardPolicy<C> {
    classifier: C,
    backoff: Backoff,
    budget: Option<RetryBudget>,
    attempts_max: u32,
    /// Attempts of this request that have ended.
    attempts: u32,
    /// Made at the first retry, so that each request has delays of its own.
    delays: Option<Delays>,
}

impl<C> StandardPolicy<C> {
    /// Retries the outcomes for which `classifier` says true.
    pub const fn new(backoff: Backoff, classifier: C) -> Self {
        Self {
            classifier,
            backoff,
            budget: None,
            attempts_max: RETRY_ATTEMPTS_MAX,
            attempts: 0,
            delays: None,
        }
    }

    /// Makes at most `attempts` attempts, the first one included.
    #[must_use]
    pub const fn attempts_max(mut self, attempts: u32) -> Self {
        self.attempts_max = attempts;
        self
    }

    /// Retries only while `budget` pays for it.
    #[must_use]
    pub fn budget(mut self, budget: RetryBudget) -> Self {
        self.budget = Some(budget);
        self
    }
}

impl<C, Request, Response, Error> Policy<Request, Response, Error> for StandardPolicy<C>
where
    C: Fn(&Result<Response, Error>) -> bool,
    Request: Clone,
{
    type Future = Delay;

    fn retry(&mut self, _: &mut Request, result: &mut Result<Response, Error>) -> Option<Delay> {
        if let Some(budget) = &self.budget
            && self.attempts == 0
        {
            budget.deposit();
        }
        self.attempts += 1;
        if self.attempts >= self.attempts_max || !(self.classifier)(result) {
            return None;
        }
        if self.budget.as_ref().is_some_and(|budget| !budget.try_withdraw()) {
            return None;
        }
        let delay = self.delays.get_or_insert_with(|| self.backoff.delays()).next()?;
        Some(Delay { timer: Timer::new(delay) })
    }

    fn clone_request(&mut self, request: &Request) -> Option<Request> {
        (self.attempts + 1 < self.attempts_max).then(|| request.clone())
    }
}

impl<C> fmt::Debug for StandardPolicy<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StandardPolicy")
            .field("backoff", &self.backoff)
            .field("budget", &self.budget)
            .field("attempts_max", &self.attempts_max)
            .finish_non_exhaustive()
    }
}

/// The wait before an attempt.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Delay {
    timer: Timer,
}

impl Future for Delay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.timer.poll_elapsed(cx)
    }
}
