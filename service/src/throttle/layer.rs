//! The layer of [`Throttle`], which owns the counts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use super::Throttle;
use super::shared::Shared;
use crate::before_use::before_use;
use crate::classify::AnyError;
use crate::observe::{Observer, Watch};
use crate::random::Random;

/// A layer that refuses some of the calls while the callee refuses many, over all services it makes.
#[derive(Clone)]
pub struct ThrottleLayer<C = AnyError> {
    shared: Arc<Shared>,
    classifier: C,
}

impl ThrottleLayer {
    /// Lets through `factor` times what is accepted, at least. Two is usual; less refuses more, and sooner.
    ///
    /// # Panics
    ///
    /// If `factor` is below 1, or not finite.
    #[must_use]
    pub fn new(factor: f64) -> Self {
        let shared = Shared::new(factor, Duration::from_secs(120));
        Self { shared: Arc::new(shared), classifier: AnyError::default() }
    }
}

impl<C> ThrottleLayer<C> {
    /// Takes for refusals of the callee what `classifier` says so of; by default, every error.
    pub fn refused_if<C2, Response, Error>(self, classifier: C2) -> ThrottleLayer<C2>
    where
        C2: Fn(&Result<Response, Error>) -> bool + Clone,
    {
        ThrottleLayer { shared: self.shared, classifier }
    }

    /// Counts over `window`; two minutes by default.
    ///
    /// # Panics
    ///
    /// If `window` is zero, or the layer has been used already.
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        assert!(!window.is_zero(), "`window` is zero: nothing would be counted");
        before_use(&mut self.shared, "window").set_window(window);
        self
    }

    /// Draws from the sequence of `seed`, for tests and simulation.
    ///
    /// # Panics
    ///
    /// If the layer has been used already.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        before_use(&mut self.shared, "seed").random = Random::from_seed(seed);
        self
    }

    /// Tells `observer` what is refused.
    ///
    /// # Panics
    ///
    /// If the layer has been used already.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        before_use(&mut self.shared, "observer").watch = Watch::new(observer);
        self
    }

    /// Looks at the throttle, and changes it while calls run.
    #[must_use]
    pub fn handle(&self) -> ThrottleHandle {
        ThrottleHandle { shared: self.shared.clone() }
    }
}

impl<C> fmt::Debug for ThrottleLayer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThrottleLayer").field("shared", &self.shared).finish_non_exhaustive()
    }
}

impl<S, C: Clone> Layer<S> for ThrottleLayer<C> {
    type Service = Throttle<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        Throttle::new(inner, self.shared.clone(), self.classifier.clone())
    }
}

/// Looks at a throttle, and changes it while calls run.
#[derive(Debug, Clone)]
pub struct ThrottleHandle {
    shared: Arc<Shared>,
}

impl ThrottleHandle {
    /// The probability with which a call is refused now.
    #[must_use]
    pub fn probability(&self) -> f64 {
        self.shared.probability(self.shared.epoch.now())
    }

    /// Lets through `factor` times what is accepted from now on.
    ///
    /// # Panics
    ///
    /// If `factor` is below 1, or not finite.
    pub fn set_factor(&self, factor: f64) {
        self.shared.set_factor(factor);
    }
}
