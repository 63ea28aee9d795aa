//! The service with a bound on its calls, in its modes.

use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tower_service::Service;

use super::{AdmittedFuture, ConcurrencyHandle, Hold, RejectFuture, Reservation, UntilResponse, WaitFuture};
use crate::OverloadError;
use crate::error::OverloadReason;
use crate::limit::mode::Prioritized;
use crate::limit::permits::Limit;
use crate::limit::{Backpressure, Priority, Reject, Wait};
use crate::observe::Event;
use crate::reusable::Reusable;

/// A service with a bound on the calls that run at once, made by a
/// [`ConcurrencyLimitLayer`](super::ConcurrencyLimitLayer).
///
/// A place is free again when the call completes or its future is dropped.
#[derive(Debug)]
pub struct ConcurrencyLimit<S, M = Backpressure, H = UntilResponse> {
    inner: S,
    mode: M,
    /// The limit, and what `poll_ready` took for the next call of this instance. Only with [`Backpressure`] it takes
    /// anything.
    place: Reservation,
    hold: PhantomData<H>,
}

impl<S> ConcurrencyLimit<S> {
    /// At most `max` calls of `inner` at once; `poll_ready` waits for room.
    ///
    /// # Panics
    ///
    /// If `max` is zero.
    pub fn new(inner: S, max: usize) -> Self {
        Self::of(inner, Arc::new(Limit::new(max)), Backpressure)
    }
}

impl<S, M, H> ConcurrencyLimit<S, M, H> {
    pub(crate) fn of(inner: S, limit: Arc<Limit>, mode: M) -> Self {
        Self { inner, mode, place: Reservation::new(limit), hold: PhantomData }
    }

    /// Looks at the limit and changes it while calls run.
    pub fn handle(&self) -> ConcurrencyHandle {
        ConcurrencyHandle::new(self.place.limit().clone())
    }

    /// The service inside.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service inside.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service inside; a reserved place is given back.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: Clone, M: Clone, H> Clone for ConcurrencyLimit<S, M, H> {
    fn clone(&self) -> Self {
        Self::of(self.inner.clone(), self.place.limit().clone(), self.mode.clone())
    }
}

impl<S, H, Request> Service<Request> for ConcurrencyLimit<S, Backpressure, H>
where
    S: Service<Request>,
    H: Hold<S::Response>,
{
    type Response = H::Response;
    type Error = S::Error;
    type Future = AdmittedFuture<S::Future, H>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        ready!(self.place.poll_reserve(cx));
        self.inner.poll_ready(cx)
    }

    /// # Panics
    ///
    /// If `poll_ready` has not answered since the last call.
    fn call(&mut self, request: Request) -> Self::Future {
        let permit = self.place.take();
        AdmittedFuture::new(self.inner.call(request), permit)
    }
}

impl<S, H, Request> Service<Request> for ConcurrencyLimit<S, Reject, H>
where
    S: Service<Request>,
    H: Hold<S::Response>,
{
    type Response = H::Response;
    type Error = OverloadError<S::Error>;
    type Future = RejectFuture<S::Future, H>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(OverloadError::Inner)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.place.limit().try_acquire() {
            Some(permit) => RejectFuture::admitted(self.inner.call(request), permit),
            None => {
                self.place.limit().watch.tell(|| Event::Refused { reason: OverloadReason::Concurrency });
                RejectFuture::refused()
            }
        }
    }
}

impl<S, H, Request> Service<Request> for ConcurrencyLimit<S, Wait, H>
where
    S: Service<Request> + Reusable,
    H: Hold<S::Response>,
{
    type Response = H::Response;
    type Error = OverloadError<S::Error>;
    type Future = WaitFuture<S, Request, H>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The inner service is asked for readiness by the future, once there is room: no reservation is held while
        // the call waits.
        WaitFuture::new(self.inner.clone(), request, self.place.limit().clone(), self.mode, Priority::NORMAL)
    }
}

impl<S, P, H, Request> Service<Request> for ConcurrencyLimit<S, Prioritized<P>, H>
where
    S: Service<Request> + Reusable,
    P: Fn(&Request) -> Priority,
    H: Hold<S::Response>,
{
    type Response = H::Response;
    type Error = OverloadError<S::Error>;
    type Future = WaitFuture<S, Request, H>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let priority = (self.mode.priority)(&request);
        WaitFuture::new(self.inner.clone(), request, self.place.limit().clone(), self.mode.wait, priority)
    }
}
