//! A call that was let through or turned away.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

pin_project! {
    /// The future of [`Filter`](super::Filter).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, E> {
        #[pin]
        state: State<F, E>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, E> {
        Called {
            #[pin]
            future: F,
        },
        Refused {
            error: Option<E>,
        },
    }
}

impl<F, E> ResponseFuture<F, E> {
    pub(super) fn called(future: F) -> Self {
        Self { state: State::Called { future } }
    }

    pub(super) fn refused(error: E) -> Self {
        Self { state: State::Refused { error: Some(error) } }
    }
}

impl<F, E, Response, Error> Future for ResponseFuture<F, E>
where
    F: Future<Output = Result<Response, Error>>,
    E: Into<Error>,
{
    type Output = Result<Response, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Called { future } => future.poll(cx),
            StateProj::Refused { error } => {
                Poll::Ready(Err(error.take().expect("polled after completion").into()))
            }
        }
    }
}

impl<F, E> fmt::Debug for ResponseFuture<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("filter::ResponseFuture").finish_non_exhaustive()
    }
}
