//! A call and its fate.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::clock::Timer;
use crate::readied::Readied;

/// What becomes of a call that is held up.
type Next<S, Request> = Result<(Readied<S>, Request), <S as Service<Request>>::Error>;

pin_project! {
    /// The future of [`Fault`](super::Fault).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S: Service<Request>, Request> {
        #[pin]
        state: State<S, Request>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S: Service<Request>, Request> {
        HeldUp {
            timer: Timer,
            next: Option<Next<S, Request>>,
        },
        Called {
            #[pin]
            future: S::Future,
        },
    }
}

impl<S: Service<Request>, Request> ResponseFuture<S, Request> {
    pub(super) fn called(future: S::Future) -> Self {
        Self { state: State::Called { future } }
    }

    pub(super) fn failed(error: S::Error) -> Self {
        Self::held_up(Duration::ZERO, Err(error))
    }

    pub(super) fn held_up(delay: Duration, next: Next<S, Request>) -> Self {
        Self { state: State::HeldUp { timer: Timer::new(delay), next: Some(next) } }
    }
}

impl<S: Service<Request>, Request> Future for ResponseFuture<S, Request> {
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::HeldUp { timer, next } => {
                    ready!(timer.poll_elapsed(cx));
                    let (readied, request) = next.take().expect("polled after completion")?;
                    state.set(State::Called { future: readied.call(request) });
                }
                StateProj::Called { future } => return future.poll(cx),
            }
        }
    }
}

impl<S: Service<Request>, Request> fmt::Debug for ResponseFuture<S, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("fault::ResponseFuture").finish_non_exhaustive()
    }
}
