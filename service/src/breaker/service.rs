//! The service behind a breaker.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::shared::Shared;
use super::{BreakerError, ResponseFuture};
use crate::classify::{AnyError, Classifier};

/// A service that is not asked while it fails, made by a [`BreakerLayer`](super::BreakerLayer).
pub struct Breaker<S, C = AnyError> {
    inner: S,
    shared: Arc<Shared>,
    classifier: C,
    inner_is: Inner,
}

/// What this instance knows of the service inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inner {
    /// Not asked: the breaker refuses.
    NotAsked,
    Ready,
}

impl<S, C> Breaker<S, C> {
    pub(super) fn new(inner: S, shared: Arc<Shared>, classifier: C) -> Self {
        Self { inner, shared, classifier, inner_is: Inner::NotAsked }
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
        if self.inner_is == Inner::NotAsked && self.shared.refuses() {
            return Poll::Ready(Ok(()));
        }
        self.inner.poll_ready(cx).map(|ready| {
            self.inner_is = Inner::Ready;
            ready.map_err(BreakerError::Inner)
        })
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let asked = std::mem::replace(&mut self.inner_is, Inner::NotAsked);
        match (asked, self.shared.admit()) {
            (Inner::Ready, Ok(part)) => {
                let start = self.shared.settings.slow.map(|_| self.shared.epoch.now());
                let inner = self.inner.call(request);
                ResponseFuture::called(inner, self.shared.clone(), self.classifier.clone(), part, start)
            }
            (Inner::NotAsked, Ok(part)) => {
                // It would have been let through by now, but the service inside was not asked for readiness.
                self.shared.give_up(part);
                ResponseFuture::refused(super::CircuitOpen::default())
            }
            (_, Err(refusal)) => ResponseFuture::refused(refusal),
        }
    }
}
