//! A call that waits for its turn.

use std::fmt;
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::slot::Answer;
use super::turns::Waiting;
use crate::error::OverloadReason;
use crate::limit::permits::Permit;
use crate::{OverloadError, Overloaded};

pin_project! {
    /// The future of [`Buffer`](super::Buffer).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S: Service<Request>, Request> {
        #[pin]
        state: State<S, S::Future, S::Error, Request>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S: Service<Request>, F, E, Request> {
        Waiting {
            waiting: Waiting<S, Request>,
            // Room among those that wait.
            permit: Permit,
        },
        Called {
            #[pin]
            future: F,
        },
        Failed { error: Option<OverloadError<E>> },
    }
}

impl<S: Service<Request>, Request> ResponseFuture<S, Request> {
    #[inline]
    pub(super) fn called(called: Result<S::Future, S::Error>) -> Self {
        let state = match called {
            Ok(future) => State::Called { future },
            Err(error) => State::Failed { error: Some(OverloadError::Inner(error)) },
        };
        Self { state }
    }

    pub(super) fn waiting(waiting: Waiting<S, Request>, permit: Permit) -> Self {
        Self { state: State::Waiting { waiting, permit } }
    }

    pub(super) fn expired() -> Self {
        Self { state: State::Failed { error: Some(expired()) } }
    }
}

fn expired<E>() -> OverloadError<E> {
    OverloadError::Overloaded(Overloaded::because(OverloadReason::QueueDelay))
}

impl<S, Request> Future for ResponseFuture<S, Request>
where
    S: Service<Request> + Send + 'static,
{
    type Output = Result<S::Response, OverloadError<S::Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProj::Called { future } => return future.poll(cx).map_err(OverloadError::Inner),
                StateProj::Waiting { waiting, .. } => match ready!(waiting.poll_answer(cx)) {
                    Answer::Called(future) => State::Called { future },
                    Answer::Failed(error) => State::Failed { error: Some(OverloadError::Inner(error)) },
                    Answer::Expired => {
                        waiting.tell_expired();
                        State::Failed { error: Some(expired()) }
                    }
                    Answer::Panicked(panic) => resume_unwind(panic),
                },
                StateProj::Failed { error } => {
                    return Poll::Ready(Err(error.take().expect("polled after completion")));
                }
            };
            state.set(next);
        }
    }
}

impl<S: Service<Request>, Request> fmt::Debug for ResponseFuture<S, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("buffer::ResponseFuture").finish_non_exhaustive()
    }
}
