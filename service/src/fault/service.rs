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
    impl<S, E, W> Fault<S, E, W>;
}

/// A service some of whose calls fail or take long, made by a [`FaultLayer`](super::FaultLayer).
#[derive(Clone)]
pub struct Fault<S, E, W = Always> {
    inner: S,
    plan: Arc<Plan>,
    error: E,
    when: W,
}

impl<S, E, W> Fault<S, E, W> {
    pub(super) fn new(inner: S, plan: Arc<Plan>, error: E, when: W) -> Self {
        Self { inner, plan, error, when }
    }
}

/// Says of which requests there are faults. Functions from a request to a `bool` do.
pub trait When<Request> {
    /// Whether the request may meet a fault.
    fn is_meant(&self, request: &Request) -> bool;
}

/// All requests may meet faults.
#[derive(Debug, Clone, Copy, Default)]
pub struct Always(());

impl<Request> When<Request> for Always {
    fn is_meant(&self, _: &Request) -> bool {
        true
    }
}

#[diagnostic::do_not_recommend]
impl<F: Fn(&Request) -> bool, Request> When<Request> for F {
    fn is_meant(&self, request: &Request) -> bool {
        self(request)
    }
}

impl<S: fmt::Debug, E, W> fmt::Debug for Fault<S, E, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, E, W, Request> Service<Request> for Fault<S, E, W>
where
    S: Service<Request> + Reusable,
    E: Fn() -> S::Error,
    W: When<Request>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, Request>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if !self.when.is_meant(&request) {
            return ResponseFuture::called(self.inner.call(request));
        }
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
