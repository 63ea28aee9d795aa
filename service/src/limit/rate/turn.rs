//! A call that waits for its turn, whatever gives the turns out.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::clock::{Instant, Timer};
use crate::deadline::Deadline;
use crate::error::OverloadReason;
use crate::ext::{Oneshot, ServiceExt};
use crate::limit::Wait;
use crate::observe::{Event, Watch};
use crate::{OverloadError, Overloaded};

/// Where a call that waits takes its place from. It counts among those that wait until this is dropped.
pub(super) trait Source {
    /// Takes a place now, or says how long until there is one.
    fn try_take(&self) -> Result<(), Duration>;
}

/// Whether a call that begins now should not wait for so long: for its mode, or for its deadline.
pub(super) fn is_too_long(mode: &Wait, wait: Duration) -> bool {
    mode.duration_max.is_some_and(|max| wait > max)
        || Deadline::current().is_some_and(|deadline| wait > deadline.remaining())
}

/// One of the calls that wait.
#[derive(Debug)]
pub(super) struct Waiting<C> {
    source: C,
    timer: Timer,
    since: Instant,
    duration_max: Option<Duration>,
    deadline: Option<Deadline>,
    watch: Watch,
}

impl<C: Source> Waiting<C> {
    /// Waits for so long, and then asks `source` again.
    pub(super) fn new(source: C, wait: Duration, duration_max: Option<Duration>, watch: Watch) -> Self {
        let (since, deadline) = (Instant::now(), Deadline::current());
        Self { source, timer: Timer::new(wait), since, duration_max, deadline, watch }
    }

    /// Waits for a place. Others may come first, so there may be several turns.
    fn poll_place(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Overloaded>> {
        loop {
            ready!(self.timer.poll_elapsed(cx));
            if self.deadline.is_some_and(Deadline::is_expired) {
                return Poll::Ready(Err(self.refusal(Overloaded::because(OverloadReason::QueueDelay))));
            }
            let Err(wait) = self.source.try_take() else { return Poll::Ready(Ok(())) };
            let is_too_late = self.duration_max.is_some_and(|max| self.since.elapsed() + wait > max)
                || self.deadline.is_some_and(|deadline| wait > deadline.remaining());
            if is_too_late {
                let refusal = Overloaded::because(OverloadReason::Rate).retry_after(wait);
                return Poll::Ready(Err(self.refusal(refusal)));
            }
            self.timer = Timer::new(wait);
        }
    }

    fn refusal(&self, refusal: Overloaded) -> Overloaded {
        self.watch.tell(|| Event::Refused { reason: refusal.reason });
        refusal
    }
}

pin_project! {
    /// A call that was let through, refused, or waits.
    pub(super) struct Held<S: Service<Request>, Request, C> {
        #[pin]
        state: State<S, Request, C>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S: Service<Request>, Request, C> {
        Waiting { waiting: Waiting<C>, service: Option<S>, request: Option<Request> },
        Admitted {
            #[pin]
            call: Oneshot<S, Request>,
        },
        Refused { refusal: Overloaded },
    }
}

impl<S: Service<Request>, Request, C> Held<S, Request, C> {
    pub(super) fn admitted(service: S, request: Request) -> Self {
        Self { state: State::Admitted { call: service.oneshot(request) } }
    }

    pub(super) fn waiting(service: S, request: Request, waiting: Waiting<C>) -> Self {
        Self { state: State::Waiting { waiting, service: Some(service), request: Some(request) } }
    }

    pub(super) const fn refused(refusal: Overloaded) -> Self {
        Self { state: State::Refused { refusal } }
    }
}

impl<S: Service<Request>, Request, C: Source> Future for Held<S, Request, C> {
    type Output = Result<S::Response, OverloadError<S::Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Waiting { waiting, service, request } => match ready!(waiting.poll_place(cx)) {
                    Ok(()) => {
                        let service = service.take().expect("the state changes with the call");
                        let request = request.take().expect("the state changes with the call");
                        state.set(State::Admitted { call: service.oneshot(request) });
                    }
                    // What waits no longer is not counted any longer, whenever the future is dropped.
                    Err(refusal) => state.set(State::Refused { refusal }),
                },
                StateProj::Admitted { call } => return call.poll(cx).map_err(OverloadError::Inner),
                StateProj::Refused { refusal } => {
                    return Poll::Ready(Err(OverloadError::Overloaded(*refusal)));
                }
            }
        }
    }
}
