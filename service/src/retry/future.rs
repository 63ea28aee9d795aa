//! A request and its attempts.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::Policy;

pin_project! {
    /// The future of [`Retry`](super::Retry).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<P, S, Request>
    where
        S: Service<Request>,
        P: Policy<Request, S::Response, S::Error>,
    {
        #[pin]
        state: State<S::Future, P::Future>,
        // None where there can be no further attempt.
        repeat: Option<Repeat<P, S, Request>>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, W> {
        /// An attempt is under way.
        Called {
            #[pin]
            future: F,
        },
        /// The policy makes us wait.
        Waiting {
            #[pin]
            wait: W,
        },
        /// The next attempt waits for the service to be ready.
        Readying,
    }
}

struct Repeat<P, S, Request> {
    policy: P,
    service: S,
    request: Request,
}

impl<P, S, Request> ResponseFuture<P, S, Request>
where
    S: Service<Request>,
    P: Policy<Request, S::Response, S::Error>,
{
    pub(super) fn once(future: S::Future) -> Self {
        Self { state: State::Called { future }, repeat: None }
    }

    pub(super) fn repeatable(future: S::Future, policy: P, service: S, request: Request) -> Self {
        Self { state: State::Called { future }, repeat: Some(Repeat { policy, service, request }) }
    }
}

impl<P, S, Request> Future for ResponseFuture<P, S, Request>
where
    S: Service<Request>,
    P: Policy<Request, S::Response, S::Error>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let result = match this.state.as_mut().project() {
                StateProj::Called { future } => Some(ready!(future.poll(cx))),
                StateProj::Waiting { wait } => {
                    ready!(wait.poll(cx));
                    None
                }
                StateProj::Readying => {
                    let repeat = this.repeat.as_mut().expect("kept while attempts follow");
                    match ready!(repeat.service.poll_ready(cx)) {
                        Ok(()) => {
                            let (future, repeat) = this.repeat.take().expect("present above").attempt();
                            this.state.set(State::Called { future });
                            *this.repeat = repeat;
                            continue;
                        }
                        // An attempt that fails before its call is an attempt: the policy is asked about it too.
                        Err(error) => Some(Err(error)),
                    }
                }
            };
            let Some(mut result) = result else {
                this.state.set(State::Readying);
                continue;
            };
            let Some(repeat) = this.repeat.as_mut() else { return Poll::Ready(result) };
            match repeat.policy.retry(&mut repeat.request, &mut result) {
                Some(wait) => this.state.set(State::Waiting { wait }),
                None => return Poll::Ready(result),
            }
        }
    }
}

impl<P, S, Request> Repeat<P, S, Request>
where
    S: Service<Request>,
    P: Policy<Request, S::Response, S::Error>,
{
    /// Calls the service, which is ready, and keeps what another attempt would need.
    fn attempt(self) -> (S::Future, Option<Self>) {
        let Self { mut policy, mut service, request } = self;
        let copy = policy.clone_request(&request);
        let future = service.call(request);
        (future, copy.map(|request| Self { policy, service, request }))
    }
}

impl<P, S, Request> fmt::Debug for ResponseFuture<P, S, Request>
where
    S: Service<Request>,
    P: Policy<Request, S::Response, S::Error>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("retry::ResponseFuture").finish_non_exhaustive()
    }
}
