//! The service that asks again.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::ResponseFuture;
use super::future::Spare;
use super::layer::Shared;
use crate::readied::take_ready;
use crate::reusable::Reusable;

crate::access::access_inner! {
    impl<S, C> Hedge<S, C>;
}

/// A service that sends a second request while the first is slow, made by a [`HedgeLayer`](super::HedgeLayer).
#[derive(Clone)]
pub struct Hedge<S, C> {
    inner: S,
    shared: Arc<Shared>,
    copy: C,
}

impl<S, C> Hedge<S, C> {
    pub(super) fn new(inner: S, shared: Arc<Shared>, copy: C) -> Self {
        Self { inner, shared, copy }
    }
}

impl<S: fmt::Debug, C> fmt::Debug for Hedge<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hedge").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, C, Request> Service<Request> for Hedge<S, C>
where
    S: Service<Request> + Reusable,
    C: Fn(&Request) -> Option<Request>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, Request>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        self.shared.budget.deposit();
        let spare = (self.copy)(&request);
        let (primary, service) = take_ready(&mut self.inner).call_keeping(request);
        let spare = spare.map(|request| Spare { service, request });
        ResponseFuture::new(primary, spare, self.shared.clone())
    }
}
