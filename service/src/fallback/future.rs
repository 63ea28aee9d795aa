//! A call, and the one of the backup.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::classify::Classifier;
use crate::deadline::Deadline;
use crate::ext::{Oneshot, ServiceExt};

pin_project! {
    /// The future of [`Fallback`](super::Fallback).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, B: Service<Request>, C, Request> {
        #[pin]
        state: State<F, B, Request>,
        classifier: C,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, B: Service<Request>, Request> {
        Primary {
            #[pin]
            future: F,
            spare: Option<(B, Request)>,
        },
        Backup {
            #[pin]
            call: Oneshot<B, Request>,
        },
    }
}

impl<F, B: Service<Request>, C, Request> ResponseFuture<F, B, C, Request> {
    pub(super) fn new(future: F, backup: B, classifier: C, request: Request) -> Self {
        Self { state: State::Primary { future, spare: Some((backup, request)) }, classifier }
    }
}

impl<F, B, C, Request, Error> Future for ResponseFuture<F, B, C, Request>
where
    F: Future<Output = Result<B::Response, Error>>,
    B: Service<Request>,
    B::Error: Into<Error>,
    C: Classifier<B::Response, Error>,
{
    type Output = Result<B::Response, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Primary { future, spare } => {
                    let result = ready!(future.poll(cx));
                    // A backup that would be asked after the deadline helps nobody.
                    let is_late = Deadline::current().is_some_and(Deadline::is_expired);
                    if is_late || !this.classifier.is_failure(&result) {
                        return Poll::Ready(result);
                    }
                    let (backup, request) = spare.take().expect("polled after completion");
                    this.state.set(State::Backup { call: backup.oneshot(request) });
                }
                StateProj::Backup { call } => return call.poll(cx).map_err(Into::into),
            }
        }
    }
}

impl<F, B: Service<Request>, C, Request> fmt::Debug for ResponseFuture<F, B, C, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("fallback::ResponseFuture").finish_non_exhaustive()
    }
}
