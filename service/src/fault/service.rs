//! The service with faults.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::ResponseFuture;
use super::plan::Plan;
use crate::readied::take_ready;
use crate::reusable::Reusable;

crate::access::access_inner! {
    impl<S, E> Fault<S, E>;
}

/// A service some of whose calls fail or take long, made by a [`FaultLayer`](super::FaultLayer).
#[derive(Clone)]
pub struct Fault<S, E> {
    inner: S,
    plan: Arc<Plan>,
    error: E,
}

impl<S, E> Fault<S, E> {
    pub(super) fn new(inner: S, plan: Arc<Plan>, error: E) -> Self {
        Self { inner, plan, error }
    }
}

impl<S: fmt::Debug, E> fmt::Debug for Fault<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, E, Request> Service<Request> for Fault<S, E>
where
    S: Service<Request> + Reusable,
    E: Fn() -> S::Error,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, Request>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let fate = self.plan.next();
        match (fate.delay, fate.is_failed) {
            (None, false) => ResponseFuture::called(self.inner.call(request)),
            (None, true) => ResponseFuture::failed((self.error)()),
            (Some(delay), false) => {
                ResponseFuture::held_up(delay, Ok((take_ready(&mut self.inner), request)))
            }
            (Some(delay), true) => ResponseFuture::held_up(delay, Err((self.error)())),
        }
    }
}
