//! The service behind a throttle.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::ResponseFuture;
use super::shared::Shared;
use crate::OverloadError;
use crate::classify::{AnyError, Classifier};
use crate::error::OverloadReason;
use crate::observe::Event;

crate::access::access_inner! {
    impl<S, C> Throttle<S, C>;
}

/// A service that is asked less while it refuses, made by a [`ThrottleLayer`](super::ThrottleLayer).
#[derive(Clone)]
pub struct Throttle<S, C = AnyError> {
    inner: S,
    shared: Arc<Shared>,
    classifier: C,
}

impl<S, C> Throttle<S, C> {
    pub(super) fn new(inner: S, shared: Arc<Shared>, classifier: C) -> Self {
        Self { inner, shared, classifier }
    }
}

impl<S: fmt::Debug, C> fmt::Debug for Throttle<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, C, Request> Service<Request> for Throttle<S, C>
where
    S: Service<Request>,
    C: Classifier<S::Response, S::Error> + Clone,
{
    type Response = S::Response;
    type Error = OverloadError<S::Error>;
    type Future = ResponseFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(OverloadError::Inner)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if !self.shared.admits() {
            self.shared.watch.tell(|| Event::Refused { reason: OverloadReason::Throttled });
            return ResponseFuture::refused();
        }
        let inner = self.inner.call(request);
        ResponseFuture::called(inner, self.shared.clone(), self.classifier.clone())
    }
}
