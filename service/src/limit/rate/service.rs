//! The service with a bound on its rate, in two modes.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tower_service::Service;

use super::gcra::Gcra;
use crate::clock::Timer;
use crate::error::OverloadReason;
use crate::limit::{Backpressure, Reject};
use crate::load_shed::ResponseFuture;
use crate::{OverloadError, Overloaded};

/// A service with a bound on the calls in a span of time, made by a [`RateLimitLayer`](super::RateLimitLayer).
#[derive(Debug)]
pub struct RateLimit<S, M = Backpressure> {
    inner: S,
    gcra: Arc<Gcra>,
    mode: M,
    /// What `poll_ready` took for the next call of this instance. Only with [`Backpressure`].
    reserved: Option<Reservation>,
    timer: Option<Timer>,
}

/// A place taken and not used yet; given back on drop.
#[derive(Debug)]
struct Reservation {
    gcra: Arc<Gcra>,
    is_used: bool,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.is_used {
            self.gcra.give_back();
        }
    }
}

impl<S, M> RateLimit<S, M> {
    pub(super) fn new(inner: S, gcra: Arc<Gcra>, mode: M) -> Self {
        Self { inner, gcra, mode, reserved: None, timer: None }
    }

    fn poll_reserve(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.reserved.is_none() {
            if let Some(timer) = &mut self.timer {
                ready!(timer.poll_elapsed(cx));
                self.timer = None;
            }
            match self.gcra.try_take() {
                Ok(()) => self.reserved = Some(Reservation { gcra: self.gcra.clone(), is_used: false }),
                Err(wait) => self.timer = Some(Timer::new(wait)),
            }
        }
        Poll::Ready(())
    }
}

impl<S: Clone, M: Clone> Clone for RateLimit<S, M> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.gcra.clone(), self.mode.clone())
    }
}

impl<S: Service<Request>, Request> Service<Request> for RateLimit<S, Backpressure> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        ready!(self.poll_reserve(cx));
        self.inner.poll_ready(cx)
    }

    /// # Panics
    ///
    /// If `poll_ready` has not answered since the last call.
    fn call(&mut self, request: Request) -> S::Future {
        self.reserved.take().expect("poll_ready answers before call").is_used = true;
        self.inner.call(request)
    }
}

impl<S: Service<Request>, Request> Service<Request> for RateLimit<S, Reject> {
    type Response = S::Response;
    type Error = OverloadError<S::Error>;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(OverloadError::Inner)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.gcra.try_take() {
            Ok(()) => ResponseFuture::called(self.inner.call(request)),
            Err(wait) => ResponseFuture::refused(Overloaded::because(OverloadReason::Rate).retry_after(wait)),
        }
    }
}
