//! A call that may have been refused.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::{OverloadError, Overloaded};

pin_project! {
    /// The future of [`LoadShed`](super::LoadShed), and of a rate limit that refuses.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StateProj]
    enum State<F> {
        Called {
            #[pin]
            future: F,
        },
        Refused {
            overloaded: Overloaded,
        },
    }
}

impl<F> ResponseFuture<F> {
    pub(crate) fn called(future: F) -> Self {
        Self { state: State::Called { future } }
    }

    pub(crate) fn refused(overloaded: Overloaded) -> Self {
        Self { state: State::Refused { overloaded } }
    }
}

impl<F, Response, Error> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response, Error>>,
{
    type Output = Result<Response, OverloadError<Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Called { future } => future.poll(cx).map_err(OverloadError::Inner),
            StateProj::Refused { overloaded } => Poll::Ready(Err(OverloadError::Overloaded(*overloaded))),
        }
    }
}
