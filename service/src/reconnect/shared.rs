//! The service whose clones share a connection.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tower_service::Service;

use super::connection::{Advice, Connection, Made};
use super::handle::Counts;
use super::{ReconnectError, ReconnectHandle, ResponseFuture};
use crate::BoxError;
use crate::clock::Timer;
use crate::error::SharedError;
use crate::ext::{Oneshot, ServiceExt};
use crate::flight::{Broken, Flight, Place};
use crate::retry::Backoff;
use crate::reusable::Reusable;

/// A service that is made once for all its clones, and made again when it fails to become ready; made by
/// [`Reconnect::shared`](super::Reconnect::shared).
///
/// # Cancel safety
///
/// A clone that is dropped while it waits for the connection leaves the attempt to the others.
pub struct SharedReconnect<M, Target>
where
    M: Service<Target>,
    M::Error: Into<BoxError>,
{
    make: M,
    target: Target,
    connection: Arc<Connection<M::Response, Attempt<M, Target>>>,
    link: Link<M::Response, Attempt<M, Target>>,
    /// Orders of handles this clone has seen.
    orders: u64,
}

/// How a clone stands with the connection.
enum Link<S, F: Future> {
    /// It has none.
    None,
    /// It waits for the attempt, with others.
    Waiting { place: Option<Place>, flight: Arc<Flight<F>> },
    /// It waits until there may be another attempt.
    Pausing(Timer),
    /// It has a clone of the connection.
    Has { service: S, made: Arc<Made<S>>, is_known_well: bool },
    /// The next call is told.
    Failed(SharedError),
}

impl<M, Target> SharedReconnect<M, Target>
where
    M: Service<Target>,
    M::Error: Into<BoxError>,
{
    pub(super) fn new(make: M, target: Target, backoff: Backoff, counts: Arc<Counts>) -> Self {
        let connection = Arc::new(Connection::new(backoff, counts));
        Self { make, target, connection, link: Link::None, orders: 0 }
    }

    /// Has another connection made when the one there is has become so old.
    ///
    /// # Panics
    ///
    /// If `age` is zero, or the service has been cloned already.
    #[must_use]
    pub fn age_max(mut self, age: Duration) -> Self {
        assert!(!age.is_zero(), "`age_max` is zero: every connection would be too old");
        let connection = Arc::get_mut(&mut self.connection);
        connection.expect("`age_max` is set before the service is cloned").set_age_max(age);
        self
    }

    /// Looks at the connections, and has another one made.
    pub fn handle(&self) -> ReconnectHandle {
        ReconnectHandle::new(self.connection.counts.clone())
    }
}

impl<M, Target: Clone> Clone for SharedReconnect<M, Target>
where
    M: Service<Target> + Clone,
    M::Error: Into<BoxError>,
{
    fn clone(&self) -> Self {
        Self {
            make: self.make.clone(),
            target: self.target.clone(),
            connection: self.connection.clone(),
            link: Link::None,
            orders: self.orders,
        }
    }
}

impl<M, Target: fmt::Debug> fmt::Debug for SharedReconnect<M, Target>
where
    M: Service<Target>,
    M::Error: Into<BoxError>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedReconnect").field("target", &self.target).finish_non_exhaustive()
    }
}

impl<M, Target, S> SharedReconnect<M, Target>
where
    M: Service<Target, Response = S> + Reusable,
    M::Error: Into<BoxError>,
    S: Reusable,
    Target: Clone,
{
    /// What to wait for, or the connection.
    fn link(&self) -> Option<Link<S, Attempt<M, Target>>> {
        Some(match self.connection.advice() {
            Advice::Begin => {
                let inner = self.make.clone().oneshot(self.target.clone());
                self.connection.begin(Flight::new(Attempt { inner }));
                return None;
            }
            Advice::Wait(flight) => Link::Waiting { place: None, flight },
            Advice::Pause(left) => Link::Pausing(Timer::new(left)),
            Advice::Use(made) => Link::Has { service: made.service.clone(), made, is_known_well: false },
        })
    }

    /// How the attempt ended that this clone has waited for.
    fn settle(
        &self,
        flight: &Arc<Flight<Attempt<M, Target>>>,
        end: Result<Arc<Result<S, SharedError>>, Broken>,
    ) -> Link<S, Attempt<M, Target>> {
        match end {
            Ok(output) => match &*output {
                Ok(service) => {
                    self.connection.made(flight, service.clone());
                    Link::None
                }
                Err(error) => {
                    self.connection.failed(flight);
                    Link::Failed(error.clone())
                }
            },
            Err(Broken) => {
                self.connection.failed(flight);
                flight.resume_panic()
            }
        }
    }
}

impl<M, Target, S, Request> Service<Request> for SharedReconnect<M, Target>
where
    M: Service<Target, Response = S> + Reusable,
    M::Error: Into<BoxError>,
    S: Service<Request> + Reusable,
    Target: Clone,
{
    type Response = S::Response;
    type Error = ReconnectError<SharedError, S::Error>;
    type Future = ResponseFuture<S::Future, SharedError>;

    /// # Panics
    ///
    /// If making the connection panics.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        loop {
            self.link = match &mut self.link {
                Link::None => match self.link() {
                    Some(link) => link,
                    None => continue,
                },
                Link::Pausing(timer) => {
                    ready!(timer.poll_elapsed(cx));
                    Link::None
                }
                Link::Waiting { place, flight } => {
                    let end = ready!(flight.poll(place, cx));
                    let flight = flight.clone();
                    // Whatever happens next, this clone does not wait any longer.
                    self.link = Link::None;
                    self.settle(&flight, end)
                }
                Link::Has { service, made, is_known_well } => {
                    if self.connection.is_over(made, &mut self.orders) {
                        self.link = Link::None;
                        continue;
                    }
                    match ready!(service.poll_ready(cx)) {
                        Ok(()) => {
                            if !std::mem::replace(is_known_well, true) {
                                self.connection.healthy();
                            }
                            return Poll::Ready(Ok(()));
                        }
                        Err(_) => {
                            self.connection.broken(made.number);
                            Link::None
                        }
                    }
                }
                Link::Failed(_) => return Poll::Ready(Ok(())),
            }
        }
    }

    /// # Panics
    ///
    /// If `poll_ready` has not answered since the last call.
    fn call(&mut self, request: Request) -> Self::Future {
        if let Link::Has { service, .. } = &mut self.link {
            return ResponseFuture::called(service.call(request));
        }
        match std::mem::replace(&mut self.link, Link::None) {
            Link::Failed(error) => ResponseFuture::failed(error),
            _ => panic!("`poll_ready` answers before `call`"),
        }
    }
}

pin_project! {
    /// The making of a connection, readiness of the maker included.
    struct Attempt<M: Service<Target>, Target> {
        #[pin]
        inner: Oneshot<M, Target>,
    }
}

impl<M, Target> Future for Attempt<M, Target>
where
    M: Service<Target>,
    M::Error: Into<BoxError>,
{
    type Output = Result<M::Response, SharedError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().inner.poll(cx).map_err(SharedError::new)
    }
}
