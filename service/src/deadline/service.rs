//! The service whose calls have deadlines, and its future.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tower_service::Service;

use super::{Deadline, DeadlineSource, FromRequest};
use crate::clock::Timer;
use crate::timeout::{Elapsed, TimeoutError};

crate::access::access_inner! {
    impl<S, D> Deadlined<S, D>;
}

/// A service whose calls end at the deadline of their request, made by a [`DeadlineLayer`](super::DeadlineLayer).
#[derive(Clone, Copy)]
pub struct Deadlined<S, D = FromRequest> {
    inner: S,
    source: D,
    default: Option<Duration>,
    at_most: Option<Duration>,
}

impl<S, D> Deadlined<S, D> {
    pub(super) const fn new(
        inner: S,
        source: D,
        default: Option<Duration>,
        at_most: Option<Duration>,
    ) -> Self {
        Self { inner, source, default, at_most }
    }

    /// The deadline that binds: the earliest of all there are.
    fn binding<Request>(&self, request: &Request) -> Option<Deadline>
    where
        D: DeadlineSource<Request>,
    {
        let asked = self.source.deadline(request);
        let own = asked.or_else(|| self.default.map(Deadline::after));
        let capped = self.at_most.map(Deadline::after);
        [own, capped, Deadline::current()].into_iter().flatten().min()
    }
}

impl<S: fmt::Debug, D> fmt::Debug for Deadlined<S, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deadlined").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, D, Request> Service<Request> for Deadlined<S, D>
where
    S: Service<Request>,
    D: DeadlineSource<Request>,
{
    type Response = S::Response;
    type Error = TimeoutError<S::Error>;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(TimeoutError::Inner)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let state = match self.binding(&request) {
            None => State::Unbound { inner: self.inner.call(request) },
            Some(deadline) if deadline.is_expired() => State::Expired,
            Some(deadline) => {
                self.source.bind(&mut request, deadline);
                let inner = deadline.sync_scope(|| self.inner.call(request));
                State::Bound { inner, deadline, timer: Timer::until(deadline.instant()) }
            }
        };
        ResponseFuture { state }
    }
}

pin_project! {
    /// The future of [`Deadlined`].
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        /// No deadline binds.
        Unbound {
            #[pin]
            inner: F,
        },
        Bound {
            #[pin]
            inner: F,
            deadline: Deadline,
            timer: Timer,
        },
        /// Came too late: the inner service has not seen it.
        Expired,
    }
}

impl<F, Response, Error> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response, Error>>,
{
    type Output = Result<Response, TimeoutError<Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Unbound { inner } => return inner.poll(cx).map_err(TimeoutError::Inner),
            StateProj::Bound { inner, deadline, timer } => {
                if let Poll::Ready(result) = deadline.sync_scope(|| inner.poll(cx)) {
                    return Poll::Ready(result.map_err(TimeoutError::Inner));
                }
                ready!(timer.poll_elapsed(cx));
            }
            StateProj::Expired => {}
        }
        Poll::Ready(Err(TimeoutError::Elapsed(Elapsed::new())))
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("deadline::ResponseFuture").finish_non_exhaustive()
    }
}
