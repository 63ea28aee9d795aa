//! The service, and how it stands with its connection.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tower_service::Service;

use super::{ReconnectError, ResponseFuture};
use crate::clock::Timer;
use crate::retry::{Backoff, Delays};

/// A service that is made, and made again when it fails to become ready.
pub struct Reconnect<M: Service<Target>, Target> {
    make: M,
    target: Target,
    backoff: Backoff,
    /// Those of the attempts since the last one that went well.
    delays: Option<Delays>,
    state: State<M::Response, M::Future, M::Error>,
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

impl<M: Service<Target>, Target> Reconnect<M, Target> {
    /// A service that `make` makes of `target` when it is needed; between failed attempts it waits as `backoff` says.
    pub const fn new(make: M, target: Target, backoff: Backoff) -> Self {
        Self { make, target, backoff, delays: None, state: State::Idle }
    }

    fn pause(&mut self) -> State<M::Response, M::Future, M::Error> {
        let delays = self.delays.get_or_insert_with(|| self.backoff.delays());
        State::BackingOff(Timer::new(delays.next().unwrap_or_default()))
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
        loop {
            self.state = match &mut self.state {
                State::Idle => match ready!(self.make.poll_ready(cx)) {
                    Ok(()) => State::Making(Box::pin(self.make.call(self.target.clone()))),
                    Err(error) => State::Failed(error),
                },
                State::BackingOff(timer) => {
                    ready!(timer.poll_elapsed(cx));
                    State::Idle
                }
                State::Making(future) => match ready!(future.as_mut().poll(cx)) {
                    Ok(service) => State::Made(service),
                    Err(error) => State::Failed(error),
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
