//! A call of an instance.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tower_service::Service;

use super::endpoint::Endpoint;
use super::endpoints::Shared;
use super::load::Meter;
use super::{BalanceError, NoEndpoints};
use crate::classify::Classifier;
use crate::ext::Oneshot;
use crate::stripe::Stripe;

/// A call that counts as load of its instance while it lives.
pub(super) struct Running<K, S> {
    meter: &'static Meter,
    stripe: Stripe,
    noted: Option<Noted<K, S>>,
}

/// Where outcomes or latencies matter: otherwise all calls of all threads would count references to one set and to the same
/// few instances.
struct Noted<K, S> {
    shared: Arc<Shared<K, S>>,
    endpoint: Arc<Endpoint<K, S>>,
    start: u64,
}

impl<K, S> Running<K, S> {
    #[inline]
    pub(super) fn new(
        shared: &Arc<Shared<K, S>>,
        endpoint: &Arc<Endpoint<K, S>>,
        stripe: Stripe,
        start: u64,
    ) -> Self {
        let meter = endpoint.meter.meter();
        meter.begin(stripe);
        let noted = || Noted { shared: shared.clone(), endpoint: endpoint.clone(), start };
        Self { meter, stripe, noted: shared.notes_calls().then(noted) }
    }

    fn note(&self, is_failure: bool) {
        let Some(Noted { shared, endpoint, start }) = &self.noted else { return };
        let load = shared.load;
        if load.wants_time() {
            let now = shared.epoch.now();
            let latency = Duration::from_nanos(now.saturating_sub(*start));
            endpoint.meter.note(load, latency, is_failure, now);
        }
        shared.note_outcome(endpoint, is_failure);
    }
}

impl<K, S> Drop for Running<K, S> {
    fn drop(&mut self) {
        self.meter.end(self.stripe);
    }
}

pin_project! {
    /// The future of [`Balance`](super::Balance).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<K, S: Service<Request>, C, Request> {
        #[pin]
        state: State<K, S, C, Request>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<K, S: Service<Request>, C, Request> {
        Running {
            #[pin]
            call: Oneshot<S, Request>,
            // None once the call has been answered.
            running: Option<Running<K, S>>,
            classifier: C,
        },
        Nobody,
    }
}

impl<K, S: Service<Request>, C, Request> ResponseFuture<K, S, C, Request> {
    pub(super) fn running(call: Oneshot<S, Request>, running: Running<K, S>, classifier: C) -> Self {
        Self { state: State::Running { call, running: Some(running), classifier } }
    }

    pub(super) fn nobody() -> Self {
        Self { state: State::Nobody }
    }
}

impl<K, S, C, Request> Future for ResponseFuture<K, S, C, Request>
where
    S: Service<Request>,
    C: Classifier<S::Response, S::Error>,
{
    type Output = Result<S::Response, BalanceError<S::Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Running { call, running, classifier } => {
                let result = ready!(call.poll(cx));
                if let Some(running) = running {
                    running.note(classifier.is_failure(&result));
                }
                *running = None;
                Poll::Ready(result.map_err(BalanceError::Inner))
            }
            StateProj::Nobody => Poll::Ready(Err(BalanceError::NoEndpoints(NoEndpoints))),
        }
    }
}

impl<K, S: Service<Request>, C, Request> fmt::Debug for ResponseFuture<K, S, C, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("balance::ResponseFuture").finish_non_exhaustive()
    }
}
