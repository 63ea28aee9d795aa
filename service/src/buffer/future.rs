//! A call that waits for its turn.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::turns::{Place, Turns};
use crate::deadline::Deadline;
use crate::error::OverloadReason;
use crate::limit::permits::Permit;
use crate::observe::Event;
use crate::{OverloadError, Overloaded};

pin_project! {
    /// The future of [`Buffer`](super::Buffer).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S: Service<Request>, Request> {
        #[pin]
        state: State<S, S::Future, Request>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, F, Request> {
        Queued {
            turns: Arc<Turns<S>>,
            place: Option<Place<S>>,
            request: Option<Request>,
            deadline: Option<Deadline>,
            // Room among those that wait.
            permit: Permit,
        },
        Called {
            #[pin]
            future: F,
        },
    }
}

impl<S: Service<Request>, Request> ResponseFuture<S, Request> {
    pub(super) fn new(turns: Arc<Turns<S>>, request: Request, permit: Permit) -> Self {
        let (request, deadline) = (Some(request), Deadline::current());
        Self { state: State::Queued { turns, place: None, request, deadline, permit } }
    }
}

impl<S, Request> Future for ResponseFuture<S, Request>
where
    S: Service<Request> + Send + 'static,
{
    type Output = Result<S::Response, OverloadError<S::Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Queued { turns, place, request, deadline, .. } => {
                    if deadline.is_some_and(Deadline::is_expired) {
                        *place = None;
                        let reason = OverloadReason::QueueDelay;
                        turns.watch.tell(|| Event::Refused { reason });
                        let refusal = Overloaded::because(reason);
                        return Poll::Ready(Err(OverloadError::Overloaded(refusal)));
                    }
                    let call = ready!(turns.poll_call(place, request, cx));
                    let future = call.map_err(OverloadError::Inner)?;
                    state.set(State::Called { future });
                }
                StateProj::Called { future } => return future.poll(cx).map_err(OverloadError::Inner),
            }
        }
    }
}

impl<S: Service<Request>, Request> fmt::Debug for ResponseFuture<S, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("buffer::ResponseFuture").finish_non_exhaustive()
    }
}
