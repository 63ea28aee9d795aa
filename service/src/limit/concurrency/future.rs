//! Calls that hold a place, were refused one, or wait for one.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::hold::HeldPermit;
use super::{Hold, UntilResponse};
use crate::clock::Timer;
use crate::deadline::Deadline;
use crate::error::OverloadReason;
use crate::limit::permits::{Limit, Permit, Ticket};
use crate::limit::queue::Entry;
use crate::limit::{Priority, Wait};
use crate::observe::Event;
use crate::{OverloadError, Overloaded};

pin_project! {
    /// A call that holds one of the places, and leaves it when it completes.
    #[must_use = "futures do nothing unless polled"]
    pub struct AdmittedFuture<F, H = UntilResponse> {
        #[pin]
        inner: F,
        permit: Option<Permit>,
        hold: PhantomData<fn(H)>,
    }
}

impl<F, H> AdmittedFuture<F, H> {
    pub(super) fn new(inner: F, permit: Permit) -> Self {
        Self { inner, permit: Some(permit), hold: PhantomData }
    }
}

impl<F, H, Response, Error> Future for AdmittedFuture<F, H>
where
    F: Future<Output = Result<Response, Error>>,
    H: Hold<Response>,
{
    type Output = Result<H::Response, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.inner.poll(cx));
        let permit = this.permit.take().expect("polled after completion");
        Poll::Ready(result.map(|response| H::hold(response, HeldPermit(permit))))
    }
}

impl<F: fmt::Debug, H> fmt::Debug for AdmittedFuture<F, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdmittedFuture").field("inner", &self.inner).finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of a limit that refuses.
    #[must_use = "futures do nothing unless polled"]
    pub struct RejectFuture<F, H = UntilResponse> {
        // None where the call was refused.
        #[pin]
        admitted: Option<AdmittedFuture<F, H>>,
    }
}

impl<F, H> RejectFuture<F, H> {
    pub(in crate::limit) fn admitted(inner: F, permit: Permit) -> Self {
        Self { admitted: Some(AdmittedFuture::new(inner, permit)) }
    }

    pub(super) fn refused() -> Self {
        Self { admitted: None }
    }
}

impl<F, H, Response, Error> Future for RejectFuture<F, H>
where
    F: Future<Output = Result<Response, Error>>,
    H: Hold<Response>,
{
    type Output = Result<H::Response, OverloadError<Error>>;

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

impl<F: fmt::Debug, H> fmt::Debug for RejectFuture<F, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectFuture").field("admitted", &self.admitted).finish()
    }
}

pin_project! {
    /// The future of a limit whose calls wait.
    #[must_use = "futures do nothing unless polled"]
    pub struct WaitFuture<S: Service<Request>, Request, H = UntilResponse> {
        #[pin]
        state: State<S, S::Future, Request, H>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, F, Request, H> {
        /// In the queue for a place.
        Queued { queued: Option<Queued<S, Request>> },
        /// With a place, waiting for the inner service to be ready.
        Admitted { service: S, request: Option<Request>, permit: Option<Permit> },
        /// Called.
        Called {
            #[pin]
            call: AdmittedFuture<F, H>,
        },
    }
}

struct Queued<S, Request> {
    service: S,
    request: Request,
    limit: Arc<Limit>,
    ticket: Option<Ticket>,
    entry: Entry,
    timer: Option<Timer>,
}

impl<S: Service<Request>, Request, H> WaitFuture<S, Request, H> {
    pub(in crate::limit) fn new(
        service: S,
        request: Request,
        limit: Arc<Limit>,
        wait: Wait,
        priority: Priority,
    ) -> Self {
        let queued = Queued {
            service,
            request,
            limit,
            ticket: None,
            entry: Entry { deadline: Deadline::current(), ..wait.entry(priority) },
            timer: wait.duration_max.map(Timer::new),
        };
        Self { state: State::Queued { queued: Some(queued) } }
    }
}

impl<S, Request> Queued<S, Request> {
    fn poll_admission(&mut self, cx: &mut Context<'_>) -> Poll<Result<Permit, Overloaded>> {
        if let Poll::Ready(outcome) = self.limit.poll_acquire(&mut self.ticket, &self.entry, cx) {
            return Poll::Ready(outcome.map_err(Overloaded::because));
        }
        let Some(timer) = &mut self.timer else { return Poll::Pending };
        ready!(timer.poll_elapsed(cx));
        let reason = OverloadReason::QueueDelay;
        self.limit.watch.tell(|| Event::Refused { reason });
        Poll::Ready(Err(Overloaded::because(reason)))
    }
}

impl<S, H, Request> Future for WaitFuture<S, Request, H>
where
    S: Service<Request>,
    H: Hold<S::Response>,
{
    type Output = Result<H::Response, OverloadError<S::Error>>;

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

impl<S: Service<Request>, Request, H> fmt::Debug for WaitFuture<S, Request, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitFuture").finish_non_exhaustive()
    }
}
