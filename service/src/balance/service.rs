//! The balanced service.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::endpoints::{Endpoints, Shared, Snapshot};
use super::future::{ResponseFuture, Running};
use super::pick::{Candidates, Picker, Scales, slow_start_nanos};
use super::{BalanceError, P2c};
use crate::classify::{AnyError, Classifier};
use crate::ext::ServiceExt;
use crate::random::Random;
use crate::reusable::Reusable;
use crate::stripe::Stripe;

/// One service of many instances.
///
/// Clones share the set of instances and its loads; each draws random numbers of its own.
pub struct Balance<K, S, P = P2c, C = AnyError> {
    shared: Arc<Shared<K, S>>,
    picker: P,
    classifier: C,
    /// Of this clone alone.
    random: Random,
    /// The set this clone saw last, and its version.
    snapshot: Arc<Snapshot<K, S>>,
    version: u64,
}

impl<K, S, P> Balance<K, S, P> {
    /// Sends each request to the one of `endpoints` that `picker` picks.
    pub fn new(endpoints: Endpoints<K, S>, picker: P) -> Self {
        let shared = endpoints.shared().clone();
        let (version, snapshot) = shared.snapshot();
        let random = Random::new();
        Self { shared, picker, classifier: AnyError::default(), random, snapshot, version }
    }
}

impl<K, S, P, C> Balance<K, S, P, C> {
    /// Takes for failures of an instance what `classifier` says so of; by default, every error.
    pub fn failure_if<C2, Response, Error>(self, classifier: C2) -> Balance<K, S, P, C2>
    where
        C2: Fn(&Result<Response, Error>) -> bool + Clone,
    {
        let Self { shared, picker, random, snapshot, version, .. } = self;
        Balance { shared, picker, classifier, random, snapshot, version }
    }

    /// Draws from the sequence of `seed`, for tests and simulation.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.random = Random::from_seed(seed);
        self
    }

    fn refresh(&mut self) {
        self.shared.let_back_in();
        if self.shared.version() != self.version {
            (self.version, self.snapshot) = self.shared.snapshot();
        }
    }
}

impl<K, S, P: Clone, C: Clone> Clone for Balance<K, S, P, C> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            picker: self.picker.clone(),
            classifier: self.classifier.clone(),
            random: Random::from_seed(self.random.next()),
            snapshot: self.snapshot.clone(),
            version: self.version,
        }
    }
}

impl<K, S, P, C> fmt::Debug for Balance<K, S, P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Balance").field("endpoints", &self.snapshot.all.len()).finish_non_exhaustive()
    }
}

impl<K, S, P, C, Request> Service<Request> for Balance<K, S, P, C>
where
    S: Service<Request> + Reusable,
    P: Picker<Request>,
    C: Classifier<S::Response, S::Error> + Clone,
{
    type Response = S::Response;
    type Error = BalanceError<S::Error>;
    type Future = ResponseFuture<K, S, C, Request>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    /// # Panics
    ///
    /// If a picker picks what is not there.
    fn call(&mut self, request: Request) -> Self::Future {
        self.refresh();
        let eligible = &self.snapshot.eligible;
        if eligible.is_empty() {
            return ResponseFuture::nobody();
        }
        let load = &self.shared.load;
        let slow_start = slow_start_nanos(self.shared.slow_start);
        let wants_time = load.wants_time() || slow_start != 0;
        let now = if wants_time { self.shared.epoch.now() } else { 0 };
        let scales = Scales { endpoints: eligible, load, slow_start };
        let stripe = Stripe::own();
        let candidates = Candidates { endpoints: &scales, now, random: &self.random, stripe };
        let endpoint = &eligible[self.picker.pick(&candidates, &request)];
        let call = endpoint.service.clone().oneshot(request);
        let running = Running::new(&self.shared, endpoint, stripe, now);
        ResponseFuture::running(call, running, self.classifier.clone())
    }
}
