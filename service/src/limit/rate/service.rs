//! The service with a bound on its rate, in its modes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tower_service::Service;

use super::future::{Counted, WaitFuture};
use super::gcra::Gcra;
use super::turn::{Waiting, is_too_long};
use crate::clock::Timer;
use crate::error::OverloadReason;
use crate::limit::{Backpressure, Reject, Wait};
use crate::load_shed::ResponseFuture;
use crate::observe::{Event, Watch};
use crate::reusable::Reusable;
use crate::{OverloadError, Overloaded};

/// A service with a bound on the calls in a span of time, made by a [`RateLimitLayer`](super::RateLimitLayer).
#[derive(Debug)]
pub struct RateLimit<S, M = Backpressure> {
    inner: S,
    gcra: Arc<Gcra>,
    mode: M,
    watch: Watch,
    /// What `poll_ready` took for the next call of this instance. Only with [`Backpressure`].
    reserved: Option<Reservation>,
    timer: Option<Timer>,
}

/// A place taken and not used yet; given back on drop.
#[derive(Debug)]
struct Reservation {
    gcra: Arc<Gcra>,
    use_: Use,
}

#[derive(Debug, PartialEq, Eq)]
enum Use {
    Unused,
    Used,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.use_ == Use::Unused {
            self.gcra.give_back();
        }
    }
}

impl<S, M> RateLimit<S, M> {
    pub(super) fn new(inner: S, gcra: Arc<Gcra>, mode: M, watch: Watch) -> Self {
        Self { inner, gcra, mode, watch, reserved: None, timer: None }
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

    fn poll_reserve(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.reserved.is_none() {
            if let Some(timer) = &mut self.timer {
                ready!(timer.poll_elapsed(cx));
                self.timer = None;
            }
            match self.gcra.try_take() {
                Ok(()) => {
                    self.reserved = Some(Reservation { gcra: self.gcra.clone(), use_: Use::Unused });
                }
                Err(wait) => self.timer = Some(Timer::new(wait)),
            }
        }
        Poll::Ready(())
    }

    fn refusal(&self, wait: Duration) -> Overloaded {
        let reason = OverloadReason::Rate;
        self.watch.tell(|| Event::Refused { reason });
        Overloaded::because(reason).retry_after(wait)
    }
}

impl<S: Clone, M: Clone> Clone for RateLimit<S, M> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            gcra: self.gcra.clone(),
            mode: self.mode.clone(),
            watch: self.watch.clone(),
            reserved: None,
            timer: None,
        }
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
        self.reserved.take().expect("`poll_ready` answers before `call`").use_ = Use::Used;
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
            Err(wait) => ResponseFuture::refused(self.refusal(wait)),
        }
    }
}

impl<S: Service<Request> + Reusable, Request> Service<Request> for RateLimit<S, Wait> {
    type Response = S::Response;
    type Error = OverloadError<S::Error>;
    type Future = WaitFuture<S, Request>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let wait = match self.gcra.try_take() {
            Ok(()) => return WaitFuture::admitted(self.inner.clone(), request),
            Err(wait) => wait,
        };
        if is_too_long(&self.mode, wait) {
            return WaitFuture::refused(self.refusal(wait));
        }
        if self.gcra.waiting.fetch_add(1, Ordering::Relaxed) >= self.mode.waiters_max {
            self.gcra.waiting.fetch_sub(1, Ordering::Relaxed);
            self.watch.tell(|| Event::Refused { reason: OverloadReason::QueueFull });
            let refusal = Overloaded::because(OverloadReason::QueueFull).retry_after(wait);
            return WaitFuture::refused(refusal);
        }
        let counted = Counted::of(self.gcra.clone());
        let waiting = Waiting::new(counted, wait, self.mode.duration_max, self.watch.clone());
        WaitFuture::waiting(self.inner.clone(), request, waiting)
    }
}
