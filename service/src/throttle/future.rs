//! A call that a throttle counts, or refuses.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::shared::Shared;
use crate::classify::Classifier;
use crate::error::OverloadReason;
use crate::judged::{Judge, Judged};
use crate::{OverloadError, Overloaded};

pin_project! {
    /// The future of [`Throttle`](super::Throttle).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, C> {
        #[pin]
        state: State<F, C>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, C> {
        Called {
            #[pin]
            call: Judged<F, C, Arc<Shared>>,
        },
        Refused,
    }
}

impl Judge for Arc<Shared> {
    fn judge(&mut self, is_failure: bool) {
        self.note_answer(is_failure);
    }
}

impl<F, C> ResponseFuture<F, C> {
    pub(super) fn called(inner: F, shared: Arc<Shared>, classifier: C) -> Self {
        Self { state: State::Called { call: Judged::new(inner, classifier, shared) } }
    }

    pub(super) fn refused() -> Self {
        Self { state: State::Refused }
    }
}

impl<F, C, Response, Error> Future for ResponseFuture<F, C>
where
    F: Future<Output = Result<Response, Error>>,
    C: Classifier<Response, Error>,
{
    type Output = Result<Response, OverloadError<Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Called { call } => call.poll(cx).map_err(OverloadError::Inner),
            StateProj::Refused => {
                let refusal = Overloaded::because(OverloadReason::Throttled);
                Poll::Ready(Err(OverloadError::Overloaded(refusal)))
            }
        }
    }
}

impl<F, C> fmt::Debug for ResponseFuture<F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("throttle::ResponseFuture").finish_non_exhaustive()
    }
}
