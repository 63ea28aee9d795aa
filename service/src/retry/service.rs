//! The service that tries again.

use std::task::{Context, Poll};

use tower_service::Service;

use super::{Policy, ResponseFuture};
use crate::readied::take_ready;
use crate::reusable::Reusable;

crate::access::access_inner! {
    impl<P, S> Retry<P, S>;
}

/// A service that tries requests again as its [`Policy`] says.
///
/// The first attempt is made by the instance that was polled ready. Where the policy does not keep a copy of the
/// request, the inner service is not even cloned.
#[derive(Debug, Clone, Copy)]
pub struct Retry<P, S> {
    policy: P,
    inner: S,
}

impl<P, S> Retry<P, S> {
    /// Tries the requests to `inner` again as `policy` says.
    pub const fn new(policy: P, inner: S) -> Self {
        Self { policy, inner }
    }
}

impl<P, S, Request> Service<Request> for Retry<P, S>
where
    P: Policy<Request, S::Response, S::Error> + Clone,
    S: Service<Request> + Reusable,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<P, S, Request>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let mut policy = self.policy.clone();
        match policy.clone_request(&request) {
            Some(copy) => {
                let (future, service) = take_ready(&mut self.inner).call_keeping(request);
                ResponseFuture::repeatable(future, policy, service, copy)
            }
            None => ResponseFuture::once(self.inner.call(request)),
        }
    }
}
