//! A call that makes the inner call or waits for another that does.

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tower_service::Service;

use super::table::{Seat, Table};
use crate::ext::{Oneshot, ServiceExt};
use crate::flight::{Broken, Place};

/// The future of [`SingleFlight`](super::SingleFlight).
#[must_use = "futures do nothing unless polled"]
pub struct ResponseFuture<S: Service<Request>, K: Hash + Eq, Request> {
    // Before the seat: who goes away passes its wake on to those who stay.
    place: Option<Place>,
    seat: Seat<K, Oneshot<S, Request>>,
    /// What another inner call would be made of, where the one joined is somebody else's.
    own: Option<Own<S, K, Request>>,
}

struct Own<S: Service<Request>, K, Request> {
    table: Arc<Table<K, Oneshot<S, Request>>>,
    key: K,
    service: S,
    request: Request,
}

impl<S, K, Request> Own<S, K, Request>
where
    S: Service<Request>,
    K: Hash + Eq + Clone,
{
    /// Joins a call, or begins one.
    fn take_seat(self) -> (Seat<K, Oneshot<S, Request>>, Option<Self>) {
        match self.table.join(&self.key) {
            Some(seat) => (seat, Some(self)),
            None => (self.table.begin(self.key, self.service.oneshot(self.request)), None),
        }
    }
}

impl<S, K, Request> ResponseFuture<S, K, Request>
where
    S: Service<Request>,
    K: Hash + Eq + Clone,
{
    pub(super) fn new(
        table: Arc<Table<K, Oneshot<S, Request>>>,
        key: K,
        service: S,
        request: Request,
    ) -> Self {
        let (seat, own) = Own { table, key, service, request }.take_seat();
        Self { place: None, seat, own }
    }
}

// The inner call is pinned where it lies; all else is only ever moved.
impl<S: Service<Request>, K: Hash + Eq, Request> Unpin for ResponseFuture<S, K, Request> {}

impl<S, K, Request> Future for ResponseFuture<S, K, Request>
where
    S: Service<Request>,
    S::Response: Clone,
    S::Error: Clone,
    K: Hash + Eq + Clone,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            match ready!(this.seat.flight().poll(&mut this.place, cx)) {
                Ok(output) => {
                    this.seat.close();
                    return Poll::Ready(Arc::try_unwrap(output).unwrap_or_else(|output| (*output).clone()));
                }
                Err(Broken) => {
                    this.seat.close();
                    // Where nothing is left to begin again with, it is this call's own panic.
                    let Some(own) = this.own.take() else { this.seat.flight().resume_panic() };
                    this.place = None;
                    (this.seat, this.own) = own.take_seat();
                }
            }
        }
    }
}

impl<S: Service<Request>, K: Hash + Eq, Request> fmt::Debug for ResponseFuture<S, K, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("single_flight::ResponseFuture").finish_non_exhaustive()
    }
}
