//! The service with a bound for each key, in its modes.

use std::fmt;
use std::hash::Hash;
use std::task::{Context, Poll};

use tower_service::Service;

use super::{KeyedRateLimitLayer, KeyedWaitFuture};
use crate::limit::rate::turn::Waiting;
use crate::limit::{Reject, Wait};
use crate::load_shed::ResponseFuture;
use crate::observe::Event;
use crate::reusable::Reusable;
use crate::{OverloadError, Overloaded};

crate::access::access_inner! {
    impl<S, K, F, M> KeyedRateLimit<S, K, F, M>;
}

/// A service with a bound on the calls of each key, made by a [`KeyedRateLimitLayer`].
pub struct KeyedRateLimit<S, K, F, M = Reject> {
    inner: S,
    layer: KeyedRateLimitLayer<K, F, M>,
}

impl<S, K, F, M> KeyedRateLimit<S, K, F, M> {
    pub(super) const fn new(inner: S, layer: KeyedRateLimitLayer<K, F, M>) -> Self {
        Self { inner, layer }
    }

    fn refused(&self, refusal: Overloaded) -> Overloaded {
        self.layer.watch.tell(|| Event::Refused { reason: refusal.reason });
        refusal
    }
}

impl<S: Clone, K, F: Clone, M: Clone> Clone for KeyedRateLimit<S, K, F, M> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), layer: self.layer.clone() }
    }
}

impl<S: fmt::Debug, K, F, M> fmt::Debug for KeyedRateLimit<S, K, F, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedRateLimit").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, K, F, Request> Service<Request> for KeyedRateLimit<S, K, F, Reject>
where
    S: Service<Request>,
    K: Hash + Eq,
    F: Fn(&Request) -> K,
{
    type Response = S::Response;
    type Error = OverloadError<S::Error>;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(OverloadError::Inner)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.layer.table.try_take((self.layer.key)(&request)) {
            Ok(()) => ResponseFuture::called(self.inner.call(request)),
            Err(refusal) => ResponseFuture::refused(self.refused(refusal)),
        }
    }
}

impl<S, K, F, Request> Service<Request> for KeyedRateLimit<S, K, F, Wait>
where
    S: Service<Request> + Reusable,
    K: Hash + Eq + Clone,
    F: Fn(&Request) -> K,
{
    type Response = S::Response;
    type Error = OverloadError<S::Error>;
    type Future = KeyedWaitFuture<S, Request, K>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let mode = &self.layer.mode;
        match self.layer.table.take_or_wait((self.layer.key)(&request), mode) {
            Ok(None) => KeyedWaitFuture::admitted(self.inner.clone(), request),
            Ok(Some((seat, wait))) => {
                let waiting = Waiting::new(seat, wait, mode.duration_max, self.layer.watch.clone());
                KeyedWaitFuture::waiting(self.inner.clone(), request, waiting)
            }
            Err(refusal) => KeyedWaitFuture::refused(self.refused(refusal)),
        }
    }
}
