//! The service with a backup.

use std::fmt;
use std::task::{Context, Poll};

use tower_service::Service;

use super::ResponseFuture;
use crate::classify::{AnyError, Classifier};
use crate::reusable::Reusable;

crate::access::access_inner! {
    impl<S, B, C> Fallback<S, B, C>;
}

/// A service with another one behind it, made by a [`FallbackLayer`](super::FallbackLayer).
#[derive(Clone, Copy)]
pub struct Fallback<S, B, C = AnyError> {
    inner: S,
    backup: B,
    classifier: C,
}

impl<S, B, C> Fallback<S, B, C> {
    pub(super) fn new(inner: S, backup: B, classifier: C) -> Self {
        Self { inner, backup, classifier }
    }
}

impl<S: fmt::Debug, B: fmt::Debug, C> fmt::Debug for Fallback<S, B, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fallback")
            .field("inner", &self.inner)
            .field("backup", &self.backup)
            .finish_non_exhaustive()
    }
}

impl<S, B, C, Request> Service<Request> for Fallback<S, B, C>
where
    S: Service<Request>,
    B: Service<Request, Response = S::Response> + Reusable,
    B::Error: Into<S::Error>,
    C: Classifier<S::Response, S::Error> + Clone,
    Request: Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, B, C, Request>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let copy = request.clone();
        ResponseFuture::new(self.inner.call(request), self.backup.clone(), self.classifier.clone(), copy)
    }
}
