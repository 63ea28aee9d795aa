//! A call of the picked service.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::{NoSuchService, SteerError};
use crate::ext::Oneshot;

pin_project! {
    /// The future of [`Steer`](super::Steer).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S: Service<Request>, Request> {
        #[pin]
        state: State<S, Request>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S: Service<Request>, Request> {
        Called {
            #[pin]
            call: Oneshot<S, Request>,
        },
        Refused {
            refusal: NoSuchService,
        },
    }
}

impl<S: Service<Request>, Request> ResponseFuture<S, Request> {
    pub(super) fn called(call: Oneshot<S, Request>) -> Self {
        Self { state: State::Called { call } }
    }

    pub(super) fn refused(refusal: NoSuchService) -> Self {
        Self { state: State::Refused { refusal } }
    }
}

impl<S: Service<Request>, Request> Future for ResponseFuture<S, Request> {
    type Output = Result<S::Response, SteerError<S::Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Called { call } => call.poll(cx).map_err(SteerError::Inner),
            StateProj::Refused { refusal } => Poll::Ready(Err(SteerError::NoSuchService(*refusal))),
        }
    }
}

impl<S: Service<Request>, Request> fmt::Debug for ResponseFuture<S, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("steer::ResponseFuture").finish_non_exhaustive()
    }
}
