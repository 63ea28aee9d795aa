//! The service with a bound for each key, in its modes.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::ResponseFuture;
use super::table::Table;
use crate::error::OverloadReason;
use crate::limit::concurrency::{RejectFuture, WaitFuture};
use crate::limit::{Priority, Reject, Wait};
use crate::observe::Event;
use crate::reusable::Reusable;
use crate::{OverloadError, Overloaded};

crate::access::access_inner! {
    impl<S, K, F, M> Bulkhead<S, K, F, M>;
}

/// A service with a bound on the calls of each key that run at once, made by a
/// [`BulkheadLayer`](super::BulkheadLayer).
pub struct Bulkhead<S, K, F, M = Reject> {
    inner: S,
    table: Arc<Table<K>>,
    key: F,
    mode: M,
}

impl<S, K, F, M> Bulkhead<S, K, F, M> {
    pub(super) fn new(inner: S, table: Arc<Table<K>>, key: F, mode: M) -> Self {
        Self { inner, table, key, mode }
    }
}

impl<S: Clone, K, F: Clone, M: Clone> Clone for Bulkhead<S, K, F, M> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.table.clone(), self.key.clone(), self.mode.clone())
    }
}

impl<S: fmt::Debug, K, F, M: fmt::Debug> fmt::Debug for Bulkhead<S, K, F, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bulkhead")
            .field("inner", &self.inner)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

impl<S, K, F, Request> Service<Request> for Bulkhead<S, K, F, Reject>
where
    S: Service<Request>,
    K: Hash + Eq + Clone,
    F: Fn(&Request) -> K,
{
    type Response = S::Response;
    type Error = OverloadError<S::Error>;
    type Future = ResponseFuture<RejectFuture<S::Future>, K>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(OverloadError::Inner)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let seat = match self.table.take_seat((self.key)(&request)) {
            Ok(seat) => seat,
            Err(reason) => return ResponseFuture::refused(Overloaded::because(reason)),
        };
        match seat.limit.try_acquire() {
            Some(permit) => {
                ResponseFuture::seated(RejectFuture::admitted(self.inner.call(request), permit), seat)
            }
            None => {
                let reason = OverloadReason::Concurrency;
                self.table.watch.tell(|| Event::Refused { reason });
                ResponseFuture::refused(Overloaded::because(reason))
            }
        }
    }
}

impl<S, K, F, Request> Service<Request> for Bulkhead<S, K, F, Wait>
where
    S: Service<Request> + Reusable,
    K: Hash + Eq + Clone,
    F: Fn(&Request) -> K,
{
    type Response = S::Response;
    type Error = OverloadError<S::Error>;
    type Future = ResponseFuture<WaitFuture<S, Request>, K>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let seat = match self.table.take_seat((self.key)(&request)) {
            Ok(seat) => seat,
            Err(reason) => return ResponseFuture::refused(Overloaded::because(reason)),
        };
        let limit = seat.limit.clone();
        let call = WaitFuture::new(self.inner.clone(), request, limit, self.mode, Priority::NORMAL);
        ResponseFuture::seated(call, seat)
    }
}
