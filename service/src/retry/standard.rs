//! The policy for most callers.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::{Backoff, CloneRequest, Cloned, Delays, Policy, Prepare, RetryBudget, Unprepared};
use crate::clock::Timer;
use crate::deadline::Deadline;
use crate::limits::RETRY_ATTEMPTS_MAX;
use crate::observe::{Event, Observer, Watch};

/// What is to become of an outcome, as a classifier says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It is the answer.
    Accept,
    /// Another attempt may do better.
    Retry,
    /// Another attempt may do better, but not before this time: what the callee said in `Retry-After`.
    RetryAfter(Duration),
}

impl From<bool> for Verdict {
    /// True is for another attempt.
    fn from(is_retryable: bool) -> Self {
        if is_retryable { Self::Retry } else { Self::Accept }
    }
}

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
pub struct StandardPolicy<C, Q = Cloned, N = Unprepared> {
    classifier: C,
    copier: Q,
    preparer: N,
    backoff: Backoff,
    budget: Option<RetryBudget>,
    attempts_max: u32,
    watch: Watch,
    /// Attempts of this request that have ended.
    attempts: u32,
    /// Made at the first retry, so that each request has delays of its own.
    delays: Option<Delays>,
}

impl<C> StandardPolicy<C> {
    /// Retries the outcomes for which `classifier` says so: with true, or with a [`Verdict`].
    pub const fn new(backoff: Backoff, classifier: C) -> Self {
        Self {
            classifier,
            copier: Cloned::new(),
            preparer: Unprepared::new(),
            backoff,
            budget: None,
            attempts_max: RETRY_ATTEMPTS_MAX,
            watch: Watch::none(),
            attempts: 0,
            delays: None,
        }
    }
}

impl<C, Q, N> StandardPolicy<C, Q, N> {
    /// Copies requests with `copier` instead of cloning them.
    ///
    /// With `replay::Replay`, of the feature `http`, requests with streaming bodies are sent again.
    pub fn clone_with<Q2>(self, copier: Q2) -> StandardPolicy<C, Q2, N> {
        let Self { classifier, preparer, backoff, budget, attempts_max, watch, attempts, delays, .. } = self;
        StandardPolicy {
            classifier,
            copier,
            preparer,
            backoff,
            budget,
            attempts_max,
            watch,
            attempts,
            delays,
        }
    }

    /// Has `prepare` change the request of each further attempt, which it shows the outcome of the one before.
    ///
    /// So the next attempt can know why the last one failed, or avoid what it met: an error goes into the extensions of an
    /// `http` request, say, or another instance is asked.
    ///
    /// ```
    /// use std::time::Duration;
    /// use minato_service::Backoff;
    /// use minato_service::retry::StandardPolicy;
    ///
    /// #[derive(Clone)]
    /// struct Query { text: String, failed_before: Option<std::io::ErrorKind> }
    ///
    /// let backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(1));
    /// let policy = StandardPolicy::new(backoff, |result: &Result<u32, std::io::Error>| result.is_err())
    ///     .prepare_with(|query: &mut Query, result: &Result<u32, std::io::Error>| {
    ///         query.failed_before = result.as_ref().err().map(std::io::Error::kind);
    ///     });
    /// # drop(policy);
    /// ```
    pub fn prepare_with<N2, Request, Response, Error>(self, prepare: N2) -> StandardPolicy<C, Q, N2>
    where
        N2: Fn(&mut Request, &Result<Response, Error>),
    {
        let Self { classifier, copier, backoff, budget, attempts_max, watch, attempts, delays, .. } = self;
        let preparer = prepare;
        StandardPolicy {
            classifier,
            copier,
            preparer,
            backoff,
            budget,
            attempts_max,
            watch,
            attempts,
            delays,
        }
    }

    /// Makes at most `attempts` attempts, the first one included.
    ///
    /// # Panics
    ///
    /// If `attempts` is zero.
    #[must_use]
    pub const fn attempts_max(mut self, attempts: u32) -> Self {
        assert!(attempts > 0, "`attempts_max` is zero: the first attempt is one");
        self.attempts_max = attempts;
        self
    }

    /// Retries only while `budget` pays for it.
    #[must_use]
    pub fn budget(mut self, budget: RetryBudget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Tells `observer` of each retry, and of those the budget did not pay for.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.watch = Watch::new(observer);
        self
    }

    /// The delay before another attempt that the callee wants after `hint`, if there is to be one.
    fn next_delay(&mut self, hint: Duration) -> Option<Duration> {
        let delay = self.delays.get_or_insert_with(|| self.backoff.delays()).next()?.max(hint);
        // An attempt that would begin after the deadline helps nobody.
        if Deadline::current().is_some_and(|deadline| deadline.remaining() <= delay) {
            return None;
        }
        if self.budget.as_ref().is_some_and(|budget| !budget.try_withdraw()) {
            self.watch.tell(|| Event::RetryDenied);
            return None;
        }
        Some(delay)
    }
}

impl<C, Q, N, V, Request, Response, Error> Policy<Request, Response, Error> for StandardPolicy<C, Q, N>
where
    C: Fn(&Result<Response, Error>) -> V,
    V: Into<Verdict>,
    Q: CloneRequest<Request>,
    N: Prepare<Request, Response, Error>,
{
    type Future = Delay;

    fn retry(&mut self, request: &mut Request, result: &mut Result<Response, Error>) -> Option<Delay> {
        if let Some(budget) = &self.budget
            && self.attempts == 0
        {
            budget.deposit();
        }
        self.attempts += 1;
        if self.attempts >= self.attempts_max {
            return None;
        }
        let hint = match (self.classifier)(result).into() {
            Verdict::Accept => return None,
            Verdict::Retry => Duration::ZERO,
            Verdict::RetryAfter(hint) => hint,
        };
        if !self.copier.is_whole(request) {
            return None;
        }
        let delay = self.next_delay(hint)?;
        self.copier.number(request, self.attempts + 1);
        self.preparer.prepare(request, result);
        self.watch.tell(|| Event::Retried { attempts: self.attempts, delay });
        Some(Delay { timer: Timer::new(delay) })
    }

    fn clone_request(&mut self, request: &Request) -> Option<Request> {
        if self.attempts + 1 < self.attempts_max { self.copier.clone_request(request) } else { None }
    }
}

impl<C, Q, N> fmt::Debug for StandardPolicy<C, Q, N> {
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
