//! A call, or the word that there is no service to call.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::ReconnectError;

pin_project! {
    /// The future of [`Reconnect`](super::Reconnect).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, M> {
        #[pin]
        state: State<F, M>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, M> {
        Called {
            #[pin]
            future: F,
        },
        Failed {
            error: Option<M>,
        },
    }
}

impl<F, M> ResponseFuture<F, M> {
    pub(super) fn called(future: F) -> Self {
        Self { state: State::Called { future } }
    }

    pub(super) fn failed(error: M) -> Self {
        Self { state: State::Failed { error: Some(error) } }
    }
}

impl<F, M, Response, Error> Future for ResponseFuture<F, M>
where
    F: Future<Output = Result<Response, Error>>,
{
    type Output = Result<Response, ReconnectError<M, Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Called { future } => future.poll(cx).map_err(ReconnectError::Inner),
            StateProj::Failed { error } => {
                Poll::Ready(Err(ReconnectError::Connect(error.take().expect("polled after completion"))))
            }
        }
    }
}

impl<F, M> fmt::Debug for ResponseFuture<F, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("reconnect::ResponseFuture").finish_non_exhaustive()
    }
}
