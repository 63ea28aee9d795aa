//! A call and its hedge.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::layer::{Delay, Shared};
use crate::clock::{Instant, Timer};
use crate::deadline::Deadline;
use crate::ext::{Oneshot, ServiceExt};
use crate::observe::Event;

/// What a hedge is made of.
pub(super) struct Spare<S, Request> {
    pub(super) service: S,
    pub(super) request: Request,
}

pin_project! {
    /// The future of [`Hedge`](super::Hedge).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S: Service<Request>, Request> {
        // None once it has failed, or lost.
        #[pin]
        primary: Option<S::Future>,
        #[pin]
        hedge: Option<Oneshot<S, Request>>,
        spare: Option<Spare<S, Request>>,
        timer: Option<Timer>,
        // Known where latencies are watched and the call has had to wait.
        start: Option<Instant>,
        shared: Arc<Shared>,
    }
}

impl<S: Service<Request>, Request> ResponseFuture<S, Request> {
    pub(super) fn new(primary: S::Future, spare: Option<Spare<S, Request>>, shared: Arc<Shared>) -> Self {
        Self { primary: Some(primary), hedge: None, spare, timer: None, start: None, shared }
    }
}

impl Shared {
    /// Whether a call that is slow is to be hedged now.
    fn may_hedge(&self) -> bool {
        Deadline::current().is_none_or(|deadline| !deadline.is_expired()) && self.budget.try_withdraw()
    }

    fn note_latency(&self, start: Option<Instant>) {
        if let Delay::Percentile { latency, .. } = &self.delay {
            // A call that never had to wait took no time worth measuring.
            latency.note(start.map(|start| start.elapsed()).unwrap_or_default());
        }
    }
}

impl<S: Service<Request>, Request> Future for ResponseFuture<S, Request> {
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            if let Some(primary) = this.primary.as_mut().as_pin_mut()
                && let Poll::Ready(result) = primary.poll(cx)
            {
                this.shared.note_latency(*this.start);
                this.primary.set(None);
                if result.is_ok() || this.hedge.is_none() {
                    this.hedge.set(None);
                    return Poll::Ready(result);
                }
            }
            if let Some(hedge) = this.hedge.as_mut().as_pin_mut()
                && let Poll::Ready(result) = hedge.poll(cx)
            {
                this.hedge.set(None);
                if result.is_ok() || this.primary.is_none() {
                    this.primary.set(None);
                    return Poll::Ready(result);
                }
            }
            if this.spare.is_none() {
                return Poll::Pending;
            }
            if matches!(this.shared.delay, Delay::Percentile { .. }) && this.start.is_none() {
                *this.start = Some(Instant::now());
            }
            let timer = this.timer.get_or_insert_with(|| Timer::new(this.shared.delay()));
            if timer.poll_elapsed(cx).is_pending() {
                return Poll::Pending;
            }
            let Some(Spare { service, request }) = this.spare.take() else { return Poll::Pending };
            if !this.shared.may_hedge() {
                return Poll::Pending;
            }
            this.shared.hedged.fetch_add(1, Ordering::Relaxed);
            this.shared.watch.tell(|| Event::Hedged);
            this.hedge.set(Some(service.oneshot(request)));
        }
    }
}

impl<S: Service<Request>, Request> fmt::Debug for ResponseFuture<S, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("hedge::ResponseFuture").finish_non_exhaustive()
    }
}
