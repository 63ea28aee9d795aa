//! The layer of [`SingleFlight`].

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tower_layer::Layer;
use tower_service::Service;

use super::SingleFlight;
use super::table::Counts;
use crate::before_use::before_use;
use crate::observe::{Observer, Watch};

/// A layer that makes identical calls that run at the same time once.
///
/// Clones of a service it makes join each other's calls; services it makes of different inner services do not, for they
/// may answer differently.
pub struct SingleFlightLayer<F, K, Request> {
    key: F,
    counts: Arc<Counts>,
    types: PhantomData<fn(Request) -> K>,
}

impl<F, K, Request> SingleFlightLayer<F, K, Request>
where
    F: Fn(&Request) -> K,
{
    /// Takes calls for identical whose `key` is equal.
    #[must_use]
    pub fn new(key: F) -> Self {
        Self { key, counts: Arc::default(), types: PhantomData }
    }
}

impl<F, K, Request> SingleFlightLayer<F, K, Request> {
    /// Tells `observer` of each call that joins another.
    ///
    /// # Panics
    ///
    /// If the layer has been used already.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        before_use(&mut self.counts, "observer").watch = Watch::new(observer);
        self
    }

    /// Looks at the calls of the services this layer makes.
    #[must_use]
    pub fn handle(&self) -> SingleFlightHandle {
        SingleFlightHandle { counts: self.counts.clone() }
    }
}

impl<F: Clone, K, Request> Clone for SingleFlightLayer<F, K, Request> {
    fn clone(&self) -> Self {
        Self { key: self.key.clone(), counts: self.counts.clone(), types: PhantomData }
    }
}

impl<F, K, Request> fmt::Debug for SingleFlightLayer<F, K, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlightLayer").field("counts", &self.counts).finish_non_exhaustive()
    }
}

impl<S, F, K, Request> Layer<S> for SingleFlightLayer<F, K, Request>
where
    S: Service<Request>,
    F: Clone,
    K: Hash + Eq + Clone,
{
    type Service = SingleFlight<S, F, K, Request>;

    fn layer(&self, inner: S) -> Self::Service {
        SingleFlight::new(inner, self.key.clone(), self.counts.clone())
    }
}

/// Looks at the calls of the services a layer makes.
#[derive(Debug, Clone)]
pub struct SingleFlightHandle {
    counts: Arc<Counts>,
}

impl SingleFlightHandle {
    /// How many inner calls are under way that others can join.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.counts.in_flight.load(Ordering::Relaxed)
    }

    /// How many calls have joined another.
    #[must_use]
    pub fn joined(&self) -> u64 {
        self.counts.joined.load(Ordering::Relaxed)
    }
}
