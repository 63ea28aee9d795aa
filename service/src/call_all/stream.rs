//! The two streams of responses.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::running::Running;
use crate::limits::CALLS_IN_FLIGHT_MAX;

pin_project! {
    /// The responses to a stream of requests, in the order of the requests.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the calls under way.
    #[must_use = "streams do nothing unless polled"]
    pub struct CallAll<S: Service<Request>, Requests, Request> {
        #[pin]
        source: Source<S, Requests, Request>,
        running: Running<S::Future>,
        // Slots, the oldest call first.
        order: VecDeque<usize>,
    }
}

pin_project! {
    /// The responses to a stream of requests, as they come.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the calls under way.
    #[must_use = "streams do nothing unless polled"]
    pub struct CallAllUnordered<S: Service<Request>, Requests, Request> {
        #[pin]
        source: Source<S, Requests, Request>,
        running: Running<S::Future>,
    }
}

pin_project! {
    /// Where calls come from.
    struct Source<S: Service<Request>, Requests, Request> {
        service: S,
        #[pin]
        requests: Requests,
        // Waits for the service to be ready.
        next: Option<Request>,
        end: End<S::Error>,
        in_flight_max: usize,
    }
}

enum End<E> {
    /// There may be further requests.
    Open,
    /// The stream of requests has ended.
    Ended,
    /// The service failed to become ready. Told once what is under way has been answered.
    Failed(E),
    /// The failure has been told.
    Told,
}

impl<S: Service<Request>, Requests: Stream<Item = Request>, Request> Source<S, Requests, Request> {
    /// Makes calls while there are requests, readiness and room.
    fn poll_calls(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        running: &mut Running<S::Future>,
        mut note: impl FnMut(usize),
    ) {
        let mut this = self.project();
        while matches!(this.end, End::Open) && running.len() < *this.in_flight_max {
            if this.next.is_none() {
                match this.requests.as_mut().poll_next(cx) {
                    Poll::Ready(Some(request)) => *this.next = Some(request),
                    Poll::Ready(None) => *this.end = End::Ended,
                    Poll::Pending => return,
                }
                continue;
            }
            match this.service.poll_ready(cx) {
                Poll::Ready(Ok(())) => {
                    let request = this.next.take().expect("present above");
                    note(running.push(this.service.call(request)));
                }
                Poll::Ready(Err(error)) => *this.end = End::Failed(error),
                Poll::Pending => return,
            }
        }
    }

    /// What to say once nothing is under way.
    fn poll_end(self: Pin<&mut Self>) -> Poll<Option<Result<S::Response, S::Error>>> {
        let this = self.project();
        match std::mem::replace(this.end, End::Told) {
            End::Open => {
                *this.end = End::Open;
                Poll::Pending
            }
            End::Failed(error) => Poll::Ready(Some(Err(error))),
            End::Ended | End::Told => Poll::Ready(None),
        }
    }
}

impl<S: Service<Request>, Requests, Request> CallAll<S, Requests, Request> {
    pub(crate) fn new(service: S, requests: Requests) -> Self {
        let source =
            Source { service, requests, next: None, end: End::Open, in_flight_max: CALLS_IN_FLIGHT_MAX };
        Self { source, running: Running::new(), order: VecDeque::new() }
    }

    /// Lets at most `calls` be under way at once, answered ones that wait for their turn included.
    ///
    /// # Panics
    ///
    /// If `calls` is zero.
    pub fn in_flight_max(mut self, calls: usize) -> Self {
        assert!(calls > 0, "`in_flight_max` is zero: nothing would be called");
        self.source.in_flight_max = calls;
        self
    }

    /// Answers as responses come. To be said before the stream is first polled.
    pub fn unordered(self) -> CallAllUnordered<S, Requests, Request> {
        CallAllUnordered { source: self.source, running: self.running }
    }
}

impl<S, Requests, Request> Stream for CallAll<S, Requests, Request>
where
    S: Service<Request>,
    Requests: Stream<Item = Request>,
{
    type Item = Result<S::Response, S::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        loop {
            this.source.as_mut().poll_calls(cx, this.running, |slot| this.order.push_back(slot));
            let Some(&oldest) = this.order.front() else { return this.source.poll_end() };
            if let Some(outcome) = this.running.take(oldest) {
                this.order.pop_front();
                return Poll::Ready(Some(outcome));
            }
            ready!(this.running.poll_any(cx));
        }
    }
}

impl<S, Requests, Request> Stream for CallAllUnordered<S, Requests, Request>
where
    S: Service<Request>,
    Requests: Stream<Item = Request>,
{
    type Item = Result<S::Response, S::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        this.source.as_mut().poll_calls(cx, this.running, drop);
        if this.running.len() == 0 {
            return this.source.poll_end();
        }
        let slot = ready!(this.running.poll_any(cx));
        Poll::Ready(this.running.take(slot))
    }
}

impl<S: Service<Request>, Requests, Request> fmt::Debug for CallAll<S, Requests, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallAll").field("in_flight", &self.running.len()).finish_non_exhaustive()
    }
}

impl<S: Service<Request>, Requests, Request> fmt::Debug for CallAllUnordered<S, Requests, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallAllUnordered").field("in_flight", &self.running.len()).finish_non_exhaustive()
    }
}
