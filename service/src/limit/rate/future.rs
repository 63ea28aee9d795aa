//! Calls that wait for their time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tower_service::Service;

use super::gcra::Gcra;
use crate::clock::{Instant, Timer};
use crate::deadline::Deadline;
use crate::error::OverloadReason;
use crate::ext::{Oneshot, ServiceExt};
use crate::{OverloadError, Overloaded};

/// One of the calls that wait.
#[derive(Debug)]
pub(super) struct Waiting {
    counted: Counted,
    timer: Timer,
    since: Instant,
    duration_max: Option<Duration>,
    deadline: Option<Deadline>,
}

/// Counted among those that wait while it lives.
#[derive(Debug)]
struct Counted {
    gcra: Arc<Gcra>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.gcra.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Waiting {
    /// One that is counted already.
    pub(super) fn new(gcra: Arc<Gcra>, wait: Duration, duration_max: Option<Duration>) -> Self {
        Self {
            counted: Counted { gcra },
            timer: Timer::new(wait),
            since: Instant::now(),
            duration_max,
            deadline: Deadline::current(),
        }
    }

    /// Waits for a place. Others may come first, so there may be several turns.
    fn poll_place(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Overloaded>> {
        loop {
            ready!(self.timer.poll_elapsed(cx));
            if self.deadline.is_some_and(Deadline::is_expired) {
                return Poll::Ready(Err(Overloaded::because(OverloadReason::QueueDelay)));
            }
            let Err(wait) = self.counted.gcra.try_take() else { return Poll::Ready(Ok(())) };
            let is_too_late = self.duration_max.is_some_and(|max| self.since.elapsed() + wait > max)
                || self.deadline.is_some_and(|deadline| wait > deadline.remaining());
            if is_too_late {
                return Poll::Ready(Err(Overloaded::because(OverloadReason::Rate).retry_after(wait)));
            }
            self.timer = Timer::new(wait);
        }
    }
}

pin_project! {
    /// The future of a rate limit whose calls wait.
    #[must_use = "futures do nothing unless polled"]
    pub struct WaitFuture<S: Service<Request>, Request> {
        #[pin]
        state: State<S, Request>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S: Service<Request>, Request> {
        Waiting { waiting: Waiting, service: Option<S>, request: Option<Request> },
        Admitted {
            #[pin]
            call: Oneshot<S, Request>,
        },
        Refused { refusal: Overloaded },
    }
}

impl<S: Service<Request>, Request> WaitFuture<S, Request> {
    pub(super) fn admitted(service: S, request: Request) -> Self {
        Self { state: State::Admitted { call: service.oneshot(request) } }
    }

    pub(super) fn waiting(service: S, request: Request, waiting: Waiting) -> Self {
        Self { state: State::Waiting { waiting, service: Some(service), request: Some(request) } }
    }

    pub(super) fn refused(refusal: Overloaded) -> Self {
        Self { state: State::Refused { refusal } }
    }
}

impl<S: Service<Request>, Request> Future for WaitFuture<S, Request> {
    type Output = Result<S::Response, OverloadError<S::Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Waiting { waiting, service, request } => {
                    ready!(waiting.poll_place(cx)).map_err(OverloadError::Overloaded)?;
                    let service = service.take().expect("the state changes with the call");
                    let request = request.take().expect("the state changes with the call");
                    state.set(State::Admitted { call: service.oneshot(request) });
                }
                StateProj::Admitted { call } => return call.poll(cx).map_err(OverloadError::Inner),
                StateProj::Refused { refusal } => {
                    return Poll::Ready(Err(OverloadError::Overloaded(*refusal)));
                }
            }
        }
    }
}

impl<S: Service<Request>, Request> fmt::Debug for WaitFuture<S, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("rate::WaitFuture").finish_non_exhaustive()
    }
}
