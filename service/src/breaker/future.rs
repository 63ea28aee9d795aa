//! A call that a breaker counts, or refuses.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::shared::{Part, Shared};
use super::state::ProbeEnd;
use super::{BreakerError, CircuitOpen};
use crate::classify::Classifier;
use crate::clock::nanos;

pin_project! {
    /// The future of [`Breaker`](super::Breaker).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, C> {
        #[pin]
        state: State<F, C>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, C> {
        Called {
            #[pin]
            inner: F,
            counted: Counted,
            classifier: C,
        },
        Refused {
            refusal: CircuitOpen,
        },
    }
}

/// A call's part in the breaker. A probe whose call is dropped gives its place back.
struct Counted {
    shared: Arc<Shared>,
    part: Part,
    start: Option<u64>,
}

impl Counted {
    #[cold]
    fn is_slow(&self, start: u64) -> bool {
        let bound = self.shared.settings.slow.map_or(u64::MAX, nanos);
        self.shared.epoch.now().saturating_sub(start) > bound
    }

    #[inline]
    fn end(&mut self, is_failure: bool) {
        let is_failure = is_failure || self.start.is_some_and(|start| self.is_slow(start));
        match std::mem::replace(&mut self.part, Part::Uncounted) {
            Part::Counted => self.shared.note(is_failure),
            Part::Uncounted => {}
            Part::Probe(probe) => {
                self.shared.settle(probe, if is_failure { ProbeEnd::Bad } else { ProbeEnd::Good });
            }
        }
    }
}

impl Shared {
    /// A call that was let through will not be made.
    #[inline]
    pub(super) fn give_up(&self, part: Part) {
        if let Part::Probe(probe) = part {
            self.settle(probe, ProbeEnd::Dropped);
        }
    }
}

impl Drop for Counted {
    #[inline]
    fn drop(&mut self) {
        self.shared.give_up(self.part);
    }
}

impl<F, C> ResponseFuture<F, C> {
    pub(super) fn called(
        inner: F,
        shared: Arc<Shared>,
        classifier: C,
        part: Part,
        start: Option<u64>,
    ) -> Self {
        Self { state: State::Called { inner, counted: Counted { shared, part, start }, classifier } }
    }

    pub(super) fn refused(refusal: CircuitOpen) -> Self {
        Self { state: State::Refused { refusal } }
    }
}

impl<F, C, Response, Error> Future for ResponseFuture<F, C>
where
    F: Future<Output = Result<Response, Error>>,
    C: Classifier<Response, Error>,
{
    type Output = Result<Response, BreakerError<Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Called { inner, counted, classifier } => {
                let result = ready!(inner.poll(cx));
                counted.end(classifier.is_failure(&result));
                Poll::Ready(result.map_err(BreakerError::Inner))
            }
            StateProj::Refused { refusal } => Poll::Ready(Err(BreakerError::Open(*refusal))),
        }
    }
}

impl<F, C> fmt::Debug for ResponseFuture<F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("breaker::ResponseFuture").finish_non_exhaustive()
    }
}
