//! The calls under way.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{CompleteOnResponse, Load, TrackCompletion, TrackCompletionFuture};
use crate::balance::{Change, Discover};

/// A service whose load is the number of its calls under way.
///
/// Clones share the number.
#[derive(Debug, Clone)]
pub struct PendingRequests<S, C = CompleteOnResponse> {
    service: S,
    calls: Arc<AtomicUsize>,
    completion: C,
}

/// The number of calls under way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(usize);

/// Stands for a call under way.
#[derive(Debug)]
pub struct Handle {
    calls: Arc<AtomicUsize>,
}

impl Handle {
    fn new(calls: Arc<AtomicUsize>) -> Self {
        calls.fetch_add(1, Ordering::Relaxed);
        Self { calls }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<S, C> PendingRequests<S, C> {
    /// Counts the calls of `service` until `completion` says that they are over.
    pub fn new(service: S, completion: C) -> Self {
        Self { service, calls: Arc::default(), completion }
    }
}

impl<S, C> Load for PendingRequests<S, C> {
    type Metric = Count;

    fn load(&self) -> Count {
        Count(self.calls.load(Ordering::Relaxed))
    }
}

impl<S, C, Request> Service<Request> for PendingRequests<S, C>
where
    S: Service<Request>,
    C: TrackCompletion<Handle, S::Response>,
{
    type Response = C::Output;
    type Error = S::Error;
    type Future = TrackCompletionFuture<S::Future, C, Handle>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let handle = Handle::new(self.calls.clone());
        TrackCompletionFuture::new(self.completion.clone(), handle, self.service.call(request))
    }
}

pin_project! {
    /// A [`Discover`] whose services are wrapped in [`PendingRequests`].
    #[derive(Debug)]
    pub struct PendingRequestsDiscover<D, C = CompleteOnResponse> {
        #[pin]
        discover: D,
        completion: C,
    }
}

impl<D, C> PendingRequestsDiscover<D, C> {
    /// Wraps the services of `discover`.
    pub const fn new<Request>(discover: D, completion: C) -> Self
    where
        D: Discover,
        D::Service: Service<Request>,
        C: TrackCompletion<Handle, <D::Service as Service<Request>>::Response>,
    {
        Self { discover, completion }
    }
}

impl<D: Discover, C: Clone> Stream for PendingRequestsDiscover<D, C> {
    type Item = Result<Change<D::Key, PendingRequests<D::Service, C>>, D::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let wrap = |service| PendingRequests::new(service, this.completion.clone());
        this.discover
            .poll_discover(cx)
            .map(|change| change.map(|change| change.map(|change| change.map(wrap))))
    }
}
