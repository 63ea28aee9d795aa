//! The service whose calls join each other.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::ResponseFuture;
use super::table::{Counts, Table};
use crate::ext::Oneshot;
use crate::reusable::Reusable;

/// A service that makes identical calls that run at the same time once, made by a
/// [`SingleFlightLayer`](super::SingleFlightLayer).
pub struct SingleFlight<S: Service<Request>, F, K, Request> {
    inner: S,
    key: F,
    table: Arc<Table<K, Oneshot<S, Request>>>,
}

impl<S: Service<Request>, F, K: Hash + Eq + Clone, Request> SingleFlight<S, F, K, Request> {
    pub(super) fn new(inner: S, key: F, counts: Arc<Counts>) -> Self {
        Self { inner, key, table: Table::new(counts) }
    }
}

impl<S: Service<Request> + Clone, F: Clone, K, Request> Clone for SingleFlight<S, F, K, Request> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), key: self.key.clone(), table: self.table.clone() }
    }
}

impl<S: Service<Request> + fmt::Debug, F, K, Request> fmt::Debug for SingleFlight<S, F, K, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlight").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, F, K, Request> Service<Request> for SingleFlight<S, F, K, Request>
where
    S: Service<Request> + Reusable,
    S::Response: Clone,
    S::Error: Clone,
    F: Fn(&Request) -> K,
    K: Hash + Eq + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, K, Request>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let key = (self.key)(&request);
        ResponseFuture::new(self.table.clone(), key, self.inner.clone(), request)
    }
}
