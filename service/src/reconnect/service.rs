//! The service that has a connection of its own, and how it stands with it.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tower_service::Service;

use super::handle::Counts;
use super::{ReconnectError, ReconnectHandle, ResponseFuture, SharedReconnect};
use crate::BoxError;
use crate::clock::Timer;
use crate::observe::{Observer, Watch};
use crate::retry::{Backoff, Delays};

/// A service that is made, and made again when it fails to become ready.
pub struct Reconnect<M: Service<Target>, Target> {
    make: M,
    target: Target,
    backoff: Backoff,
    /// Those of the attempts since the last one that went well.
    delays: Option<Delays>,
    state: State<M::Response, M::Future, M::Error>,
    counts: Arc<Counts>,
    /// Orders of handles that have been carried out.
    orders: u64,
}

enum State<S, F, E> {
    Idle,
    /// The last attempt failed a moment ago.
    BackingOff(Timer),
    Making(Pin<Box<F>>),
    Made(S),
    /// The next call is told.
    Failed(E),
}

/// A tenth of a second up to ten, unless another one is set.
pub(super) const BACKOFF: Backoff = Backoff::between(Duration::from_millis(100), Duration::from_secs(10));

impl<M: Service<Target>, Target> Reconnect<M, Target> {
    /// A service that `make` makes of `target` when it is needed.
    ///
    /// Between failed attempts it waits for a tenth of a second at first and for ten seconds at most, with jitter.
    pub fn new(make: M, target: Target) -> Self {
        Self {
            make,
            target,
            backoff: BACKOFF,
            delays: None,
            state: State::Idle,
            counts: Arc::default(),
            orders: 0,
        }
    }

    /// A service that there is already, and that `make` makes again of `target` when it breaks.
    pub fn with_connection(connection: M::Response, make: M, target: Target) -> Self {
        Self { state: State::Made(connection), ..Self::new(make, target) }
    }

    /// Waits between failed attempts as `backoff` says.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Tells `observer` of connections that were made, and of those that could not be.
    ///
    /// # Panics
    ///
    /// If a handle has been taken already.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        let counts = Arc::get_mut(&mut self.counts).expect("`observer` is set before a handle is taken");
        counts.watch = Watch::new(observer);
        self
    }

    /// Looks at the connections, and has another one made.
    pub fn handle(&self) -> ReconnectHandle {
        ReconnectHandle::new(self.counts.clone())
    }

    /// Shares the connection among clones. One that was there already, or was being made, is let go.
    pub fn shared(self) -> SharedReconnect<M, Target>
    where
        M::Error: Into<BoxError>,
    {
        SharedReconnect::new(self.make, self.target, self.backoff, self.counts)
    }

    fn pause(&mut self) -> State<M::Response, M::Future, M::Error> {
        let delays = self.delays.get_or_insert_with(|| self.backoff.delays());
        State::BackingOff(Timer::new(delays.next().unwrap_or_default()))
    }

    fn fail(&mut self, error: M::Error) -> State<M::Response, M::Future, M::Error> {
        self.counts.note_failed();
        State::Failed(error)
    }

    /// Gives the connection up if a handle says so.
    fn obey(&mut self) {
        let orders = self.counts.orders();
        if orders != self.orders {
            self.orders = orders;
            if matches!(self.state, State::Made(_)) {
                self.state = State::Idle;
            }
        }
    }
}

impl<M: Service<Target>, Target: fmt::Debug> fmt::Debug for Reconnect<M, Target> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconnect").field("target", &self.target).finish_non_exhaustive()
    }
}

impl<M, Target, S, Request> Service<Request> for Reconnect<M, Target>
where
    M: Service<Target, Response = S>,
    S: Service<Request>,
    Target: Clone,
{
    type Response = S::Response;
    type Error = ReconnectError<M::Error, S::Error>;
    type Future = ResponseFuture<S::Future, M::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.obey();
        loop {
            self.state = match &mut self.state {
                State::Idle => match ready!(self.make.poll_ready(cx)) {
                    Ok(()) => State::Making(Box::pin(self.make.call(self.target.clone()))),
                    Err(error) => self.fail(error),
                },
                State::BackingOff(timer) => {
                    ready!(timer.poll_elapsed(cx));
                    State::Idle
                }
                State::Making(future) => match ready!(future.as_mut().poll(cx)) {
                    Ok(service) => {
                        self.counts.note_made();
                        State::Made(service)
                    }
                    Err(error) => self.fail(error),
                },
                State::Made(service) => match ready!(service.poll_ready(cx)) {
                    Ok(()) => {
                        self.delays = None;
                        return Poll::Ready(Ok(()));
                    }
                    // It is of no more use, and the next one may be.
                    Err(_) => self.pause(),
                },
                State::Failed(_) => return Poll::Ready(Ok(())),
            }
        }
    }

    /// # Panics
    ///
    /// If `poll_ready` has not answered since the last call.
    fn call(&mut self, request: Request) -> Self::Future {
        if let State::Made(service) = &mut self.state {
            return ResponseFuture::called(service.call(request));
        }
        let pause = self.pause();
        match std::mem::replace(&mut self.state, pause) {
            State::Failed(error) => ResponseFuture::failed(error),
            _ => panic!("`poll_ready` answers before `call`"),
        }
    }
}
