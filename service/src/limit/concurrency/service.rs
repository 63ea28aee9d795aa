//! The service with a bound on its calls, in three modes.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tower_service::Service;

use super::{AdmittedFuture, RejectFuture, WaitFuture};
use crate::OverloadError;
use crate::limit::permits::{Permit, Permits, Ticket};
use crate::limit::{Backpressure, Reject, Wait};
use crate::reusable::Reusable;

/// A service with a bound on the calls that run at once, made by a
/// [`ConcurrencyLimitLayer`](super::ConcurrencyLimitLayer).
///
/// A place is free again when the call completes or its future is dropped.
#[derive(Debug)]
pub struct ConcurrencyLimit<S, M = Backpressure> {
    inner: S,
    permits: Arc<Permits>,
    mode: M,
    /// Taken by `poll_ready` for the next call of this instance. Only with [`Backpressure`].
    reserved: Option<Permit>,
    ticket: Option<Ticket>,
}

impl<S, M> ConcurrencyLimit<S, M> {
    pub(super) fn new(inner: S, permits: Arc<Permits>, mode: M) -> Self {
        Self { inner, permits, mode, reserved: None, ticket: None }
    }
}

impl<S: Clone, M: Clone> Clone for ConcurrencyLimit<S, M> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.permits.clone(), self.mode.clone())
    }
}

impl<S: Service<Request>, Request> Service<Request> for ConcurrencyLimit<S, Backpressure> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = AdmittedFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        if self.reserved.is_none() {
            // The number of waiters is the number of service instances, which the caller owns.
            let permit = ready!(self.permits.poll_acquire(&mut self.ticket, usize::MAX, cx));
            self.reserved = permit.ok();
        }
        self.inner.poll_ready(cx)
    }

    /// # Panics
    ///
    /// If `poll_ready` has not answered since the last call.
    fn call(&mut self, request: Request) -> Self::Future {
        let permit = self.reserved.take().expect("poll_ready answers before call");
        AdmittedFuture::new(self.inner.call(request), permit)
    }
}

impl<S: Service<Request>, Request> Service<Request> for ConcurrencyLimit<S, Reject> {
    type Response = S::Response;
    type Error = OverloadError<S::Error>;
    type Future = RejectFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(OverloadError::Inner)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.permits.try_acquire() {
            Some(permit) => RejectFuture::admitted(self.inner.call(request), permit),
            None => RejectFuture::refused(),
        }
    }
}

impl<S: Service<Request> + Reusable, Request> Service<Request> for ConcurrencyLimit<S, Wait> {
    type Response = S::Response;
    type Error = OverloadError<S::Error>;
    type Future = WaitFuture<S, Request>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The inner service is asked for readiness by the future, once there is room: no reservation is held while
        // the call waits.
        WaitFuture::new(self.inner.clone(), request, self.permits.clone(), self.mode)
    }
}
