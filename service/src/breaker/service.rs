//! The service behind a breaker.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::cell::{Cell, Gathering};
use super::future::Counting;
use super::shared::Shared;
use super::state::{Part, State};
use super::{BreakerError, CircuitOpen, ResponseFuture};
use crate::classify::{AnyError, Classifier};

/// A service that is not asked while it fails, made by a [`BreakerLayer`](super::BreakerLayer).
pub struct Breaker<S, C = AnyError> {
    inner: S,
    /// That of `shared`.
    cell: &'static Cell,
    gathering: Gathering,
    shared: Arc<Shared>,
    classifier: C,
    inner_is: Inner,
    /// What `inner_is` once it has answered.
    readied: Inner,
}

/// What this instance knows of the service inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inner {
    /// Not asked: the breaker refuses.
    NotAsked,
    /// Ready, and the next call may be counted with others.
    Gathered,
    /// Ready, and each call is counted by itself.
    Apart,
}

impl<S, C> Breaker<S, C> {
    pub(super) fn new(inner: S, shared: Arc<Shared>, classifier: C) -> Self {
        let (cell, gathering) = (shared.cell, shared.gathering());
        let readied = if gathering == Gathering::NEVER { Inner::Apart } else { Inner::Gathered };
        Self { inner, cell, gathering, shared, classifier, inner_is: Inner::NotAsked, readied }
    }
}

impl<S: Clone, C: Clone> Clone for Breaker<S, C> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.shared.clone(), self.classifier.clone())
    }
}

impl<S: fmt::Debug, C> fmt::Debug for Breaker<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, C, Request> Service<Request> for Breaker<S, C>
where
    S: Service<Request>,
    C: Classifier<S::Response, S::Error> + Clone,
{
    type Response = S::Response;
    type Error = BreakerError<S::Error>;
    type Future = ResponseFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if self.cell.state() != State::CLOSED && self.inner_is == Inner::NotAsked && self.shared.refuses() {
            return Poll::Ready(Ok(()));
        }
        self.inner.poll_ready(cx).map(|ready| {
            self.inner_is = self.readied;
            ready.map_err(BreakerError::Inner)
        })
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let asked = std::mem::replace(&mut self.inner_is, Inner::NotAsked);
        let is_gathered = asked == Inner::Gathered && self.cell.state() == State::CLOSED;
        // Taken apart and put together, so that the compiler keeps the usual case in registers.
        let (shared, part, start) = if is_gathered {
            (None, Part::gathered(self.gathering), 0)
        } else {
            let (part, start) = self.shared.begin(asked);
            (Some(self.shared.clone()), part, start)
        };
        let is_refused = shared.is_some() && part.refusal().is_some();
        let inner = if is_refused { None } else { Some(self.inner.call(request)) };
        ResponseFuture::new(inner, Counting { cell: self.cell, shared, part, start }, self.classifier.clone())
    }
}

impl Shared {
    /// The part of a call that is refused, probes, or is counted one by one, and when it began.
    #[inline(never)]
    fn begin(&self, asked: Inner) -> (Part, u64) {
        let part = match (asked, self.admit()) {
            (Inner::NotAsked, Ok(part)) => {
                // It would have been let through by now, but the service inside was not asked for readiness.
                self.give_up(part);
                Part::refused(CircuitOpen::default())
            }
            (_, Ok(part)) => part,
            (_, Err(refusal)) => Part::refused(refusal),
        };
        (part, if self.settings.slow().is_some() { self.epoch.now() } else { 0 })
    }
}
