//! The service that becomes ready by itself.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tower_service::Service;

use super::SpawnReadyLayer;
use crate::BoxError;
use crate::clock::{Owned, spawn_owned};
use crate::error::{BoxErrorsFuture, TaskLost};

/// A service that a task asks for readiness.
pub struct SpawnReady<S> {
    state: State<S>,
}

enum State<S> {
    Here(S),
    /// A task asks it.
    Away(Owned<(S, Result<(), BoxError>)>),
    /// The task is gone, and the service with it.
    Lost(TaskLost),
    /// Between two of the others.
    Moving,
}

impl<S> SpawnReady<S> {
    /// Has a task ask `inner` for readiness when it is not ready.
    pub const fn new(inner: S) -> Self {
        Self { state: State::Here(inner) }
    }

    /// The layer.
    #[must_use]
    pub const fn layer() -> SpawnReadyLayer {
        SpawnReadyLayer::new()
    }
}

impl<S> fmt::Debug for SpawnReady<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpawnReady").finish_non_exhaustive()
    }
}

impl<S, Request> Service<Request> for SpawnReady<S>
where
    S: Service<Request> + Send + 'static,
    S::Error: Into<BoxError>,
    Request: 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxErrorsFuture<S::Future>;

    /// # Panics
    ///
    /// Outside a runtime, where the inner service is not ready.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        loop {
            match &mut self.state {
                State::Here(service) => {
                    if let Poll::Ready(ready) = service.poll_ready(cx) {
                        return Poll::Ready(ready.map_err(Into::into));
                    }
                    let State::Here(mut service) = std::mem::replace(&mut self.state, State::Moving) else {
                        unreachable!("looked at above");
                    };
                    self.state = State::Away(spawn_owned(async move {
                        let ready = poll_fn(|cx| service.poll_ready(cx)).await;
                        (service, ready.map_err(Into::into))
                    }));
                }
                State::Away(task) => match ready!(Pin::new(task).poll(cx)) {
                    Ok((service, ready)) => {
                        self.state = State::Here(service);
                        return Poll::Ready(ready);
                    }
                    Err(lost) => self.state = State::Lost(lost),
                },
                State::Lost(lost) => return Poll::Ready(Err(lost.clone().into())),
                State::Moving => unreachable!("only while this function runs"),
            }
        }
    }

    /// # Panics
    ///
    /// If `poll_ready` has not answered since the last call.
    fn call(&mut self, request: Request) -> Self::Future {
        match &mut self.state {
            State::Here(service) => BoxErrorsFuture::new(service.call(request)),
            _ => panic!("`poll_ready` answers before `call`"),
        }
    }
}
