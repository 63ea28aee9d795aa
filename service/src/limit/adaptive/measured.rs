//! The service inside an adaptive limit, measured.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::controller::Controller;
use crate::classify::{Classifier, NoFailure};
use crate::judged::{Judge, Judged};

crate::access::access_inner! {
    impl<S, C> Measured<S, C>;
}

/// A service whose calls are measured for an [`AdaptiveLimitLayer`](super::AdaptiveLimitLayer).
///
/// Calls whose future is dropped before it completes are not taken into account: that they took long says nothing about
/// the callee.
#[derive(Clone)]
pub struct Measured<S, C = NoFailure> {
    inner: S,
    controller: Arc<Controller>,
    classifier: C,
}

impl<S, C> Measured<S, C> {
    pub(super) fn new(inner: S, controller: Arc<Controller>, classifier: C) -> Self {
        Self { inner, controller, classifier }
    }
}

impl<S: fmt::Debug, C> fmt::Debug for Measured<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Measured").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, C, Request> Service<Request> for Measured<S, C>
where
    S: Service<Request>,
    C: Classifier<S::Response, S::Error> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = MeasuredFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let start = self.controller.epoch.now();
        let measure = Measure { start, controller: self.controller.clone() };
        MeasuredFuture { call: Judged::new(self.inner.call(request), self.classifier.clone(), measure) }
    }
}

pin_project! {
    /// The future of [`Measured`].
    #[must_use = "futures do nothing unless polled"]
    pub struct MeasuredFuture<F, C> {
        #[pin]
        call: Judged<F, C, Measure>,
    }
}

/// Tells the controller how long a call took.
struct Measure {
    start: u64,
    controller: Arc<Controller>,
}

impl Judge for Measure {
    fn judge(&mut self, is_failure: bool) {
        self.controller.note(self.start, is_failure);
    }
}

impl<F, C, Response, Error> Future for MeasuredFuture<F, C>
where
    F: Future<Output = Result<Response, Error>>,
    C: Classifier<Response, Error>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().call.poll(cx)
    }
}

impl<F, C> fmt::Debug for MeasuredFuture<F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeasuredFuture").finish_non_exhaustive()
    }
}
