//! A call that a breaker counts, or refuses.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::cell::Cell;
use super::shared::Shared;
use super::state::{Part, ProbeEnd};
use super::{BreakerError, CircuitOpen};
use crate::classify::Classifier;
use crate::stripe::Stripe;

pin_project! {
    /// The future of [`Breaker`](super::Breaker).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, C> {
        // None where the call was refused.
        #[pin]
        inner: Option<F>,
        counting: Counting,
        classifier: C,
    }
}

/// How a call is counted: with others of its thread, as most calls of a closed breaker are, or by itself. A probe whose
/// call is dropped gives its place back.
///
/// Words and no enum, so that the usual kind is made in registers.
pub(super) struct Counting {
    pub(super) cell: &'static Cell,
    /// Of a call that is not gathered.
    pub(super) shared: Option<Arc<Shared>>,
    /// The term of a call that is gathered, and how any other takes part.
    pub(super) part: Part,
    /// When a call that is not gathered began, where slow calls are failures.
    pub(super) start: u64,
}

impl Counting {
    #[inline]
    fn end(&mut self, is_failure: bool) {
        if self.shared.is_some() {
            self.end_by_itself(is_failure);
        } else if is_failure {
            self.fail();
        } else {
            self.cell.succeeded(Stripe::own(), self.part.gathering());
        }
    }

    #[cold]
    fn fail(&self) {
        if let Some(shared) = self.cell.owner_in(self.part.gathering()) {
            shared.note(true);
        }
    }

    #[inline(never)]
    fn end_by_itself(&mut self, is_failure: bool) {
        let Some(shared) = &self.shared else { return };
        let is_failure = is_failure || shared.is_slow(self.start);
        let part = std::mem::replace(&mut self.part, Part::UNCOUNTED);
        if let Some(probe) = part.probe() {
            shared.settle(probe, if is_failure { ProbeEnd::Bad } else { ProbeEnd::Good });
        } else if part == Part::COUNTED {
            shared.note(is_failure);
        }
    }

    fn refusal(&self) -> CircuitOpen {
        self.shared.as_ref().and_then(|_| self.part.refusal()).unwrap_or_default()
    }
}

impl Drop for Counting {
    #[inline]
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            shared.give_up(self.part);
        }
    }
}

impl Shared {
    fn is_slow(&self, start: u64) -> bool {
        self.settings.slow().is_some_and(|bound| self.epoch.now().saturating_sub(start) > bound)
    }

    /// A call that was let through will not be made.
    pub(super) fn give_up(&self, part: Part) {
        if let Some(probe) = part.probe() {
            self.settle(probe, ProbeEnd::Dropped);
        }
    }
}

impl<F, C> ResponseFuture<F, C> {
    #[inline]
    pub(super) const fn new(inner: Option<F>, counting: Counting, classifier: C) -> Self {
        Self { inner, counting, classifier }
    }
}

impl<F, C, Response, Error> Future for ResponseFuture<F, C>
where
    F: Future<Output = Result<Response, Error>>,
    C: Classifier<Response, Error>,
{
    type Output = Result<Response, BreakerError<Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.inner.as_pin_mut() {
            Some(inner) => {
                let result = ready!(inner.poll(cx));
                this.counting.end(this.classifier.is_failure(&result));
                Poll::Ready(result.map_err(BreakerError::Inner))
            }
            None => Poll::Ready(Err(BreakerError::Open(this.counting.refusal()))),
        }
    }
}

impl<F, C> fmt::Debug for ResponseFuture<F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("breaker::ResponseFuture").finish_non_exhaustive()
    }
}
