//! Calls that hold a place, were refused one, or wait for one.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::clock::Timer;
use crate::error::OverloadReason;
use crate::limit::Wait;
use crate::limit::permits::{Permit, Permits, Ticket};
use crate::{OverloadError, Overloaded};

pin_project! {
    /// A call that holds one of the places, and leaves it when it completes.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct AdmittedFuture<F> {
        #[pin]
        inner: F,
        permit: Option<Permit>,
    }
}

impl<F> AdmittedFuture<F> {
    pub(super) fn new(inner: F, permit: Permit) -> Self {
        Self { inner, permit: Some(permit) }
    }
}

impl<F: Future> Future for AdmittedFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let output = ready!(this.inner.poll(cx));
        *this.permit = None;
        Poll::Ready(output)
    }
}

pin_project! {
    /// The future of a limit that refuses.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct RejectFuture<F> {
        // None where the call was refused.
        #[pin]
        admitted: Option<AdmittedFuture<F>>,
    }
}

impl<F> RejectFuture<F> {
    pub(super) fn admitted(inner: F, permit: Permit) -> Self {
        Self { admitted: Some(AdmittedFuture::new(inner, permit)) }
    }

    pub(super) fn refused() -> Self {
        Self { admitted: None }
    }
}

impl<F, Response, Error> Future for RejectFuture<F>
where
    F: Future<Output = Result<Response, Error>>,
{
    type Output = Result<Response, OverloadError<Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().admitted.as_pin_mut() {
            Some(admitted) => admitted.poll(cx).map_err(OverloadError::Inner),
            None => {
                let refusal = Overloaded::because(OverloadReason::Concurrency);
                Poll::Ready(Err(OverloadError::Overloaded(refusal)))
            }
        }
    }
}

pin_project! {
    /// The future of a limit whose calls wait.
    #[must_use = "futures do nothing unless polled"]
    pub struct WaitFuture<S: Service<Request>, Request> {
        #[pin]
        state: State<S, S::Future, Request>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, F, Request> {
        /// In the queue for a place.
        Queued { queued: Option<Queued<S, Request>> },
        /// With a place, waiting for the inner service to be ready.
        Admitted { service: S, request: Option<Request>, permit: Option<Permit> },
        /// Called.
        Called {
            #[pin]
            call: AdmittedFuture<F>,
        },
    }
}

struct Queued<S, Request> {
    service: S,
    request: Request,
    permits: Arc<Permits>,
    ticket: Option<Ticket>,
    waiters_max: usize,
    timer: Option<Timer>,
}

impl<S: Service<Request>, Request> WaitFuture<S, Request> {
    pub(super) fn new(service: S, request: Request, permits: Arc<Permits>, wait: Wait) -> Self {
        let queued = Queued {
            service,
            request,
            permits,
            ticket: None,
            waiters_max: wait.waiters_max,
            timer: wait.duration_max.map(Timer::new),
        };
        Self { state: State::Queued { queued: Some(queued) } }
    }
}

impl<S, Request> Queued<S, Request> {
    fn poll_admission(&mut self, cx: &mut Context<'_>) -> Poll<Result<Permit, Overloaded>> {
        if let Poll::Ready(outcome) = self.permits.poll_acquire(&mut self.ticket, self.waiters_max, cx) {
            return Poll::Ready(outcome.map_err(|_| Overloaded::because(OverloadReason::QueueFull)));
        }
        match &mut self.timer {
            Some(timer) => {
                timer.poll_elapsed(cx).map(|()| Err(Overloaded::because(OverloadReason::QueueDelay)))
            }
            None => Poll::Pending,
        }
    }
}

impl<S: Service<Request>, Request> Future for WaitFuture<S, Request> {
    type Output = Result<S::Response, OverloadError<S::Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProj::Queued { queued } => {
                    let waiting = queued.as_mut().expect("the state changes when this is taken");
                    let permit = ready!(waiting.poll_admission(cx)).map_err(OverloadError::Overloaded)?;
                    let Queued { service, request, .. } = queued.take().expect("present above");
                    State::Admitted { service, request: Some(request), permit: Some(permit) }
                }
                StateProj::Admitted { service, request, permit } => {
                    ready!(service.poll_ready(cx)).map_err(OverloadError::Inner)?;
                    let request = request.take().expect("the state changes with the call");
                    let permit = permit.take().expect("the state changes with the call");
                    State::Called { call: AdmittedFuture::new(service.call(request), permit) }
                }
                StateProj::Called { call } => return call.poll(cx).map_err(OverloadError::Inner),
            };
            state.set(next);
        }
    }
}

impl<S: Service<Request>, Request> fmt::Debug for WaitFuture<S, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitFuture").finish_non_exhaustive()
    }
}
