//! The layer of [`Fault`], which owns the plan.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use super::plan::Plan;
use super::{Always, Fault};
use crate::before_use::before_use;
use crate::observe::{Observer, Watch};

/// A layer that makes calls fail and take long, over all services it makes.
#[derive(Clone)]
pub struct FaultLayer<E, W = Always> {
    plan: Arc<Plan>,
    error: E,
    when: W,
}

impl<E> FaultLayer<E> {
    /// A layer that does nothing yet; failed calls end with what `error` makes.
    #[must_use]
    pub fn seeded(seed: u64, error: E) -> Self {
        Self { plan: Arc::new(Plan::new(seed)), error, when: Always::default() }
    }
}

impl<E, W> FaultLayer<E, W> {
    /// Leaves requests alone of which `when` does not say so: of other callers, other paths.
    pub fn when<Request, W2>(self, when: W2) -> FaultLayer<E, W2>
    where
        W2: Fn(&Request) -> bool + Clone,
    {
        FaultLayer { plan: self.plan, error: self.error, when }
    }

    /// Fails this fraction of the calls, which the service inside then does not see.
    ///
    /// # Panics
    ///
    /// If `rate` is not within 0 and 1.
    #[must_use]
    pub fn errors(self, rate: f64) -> Self {
        self.plan.set_errors(rate);
        self
    }

    /// Holds this fraction of the calls up for some time within the range before they are made.
    ///
    /// # Panics
    ///
    /// If `rate` is not within 0 and 1, or `delay` is empty, or the layer has been used already.
    #[must_use]
    pub fn delays(mut self, rate: f64, delay: RangeInclusive<Duration>) -> Self {
        self.plan.set_delays(rate);
        before_use(&mut self.plan, "delays").set_delay(delay);
        self
    }

    /// Tells `observer` of each fault.
    ///
    /// # Panics
    ///
    /// If the layer has been used already.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        before_use(&mut self.plan, "observer").watch = Watch::new(observer);
        self
    }

    /// Switches faults on and off, and changes their rates, while calls run.
    #[must_use]
    pub fn handle(&self) -> FaultHandle {
        FaultHandle { plan: self.plan.clone() }
    }
}

impl<E, W> fmt::Debug for FaultLayer<E, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultLayer").field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl<S, E: Clone, W: Clone> Layer<S> for FaultLayer<E, W> {
    type Service = Fault<S, E, W>;

    fn layer(&self, inner: S) -> Self::Service {
        Fault::new(inner, self.plan.clone(), self.error.clone(), self.when.clone())
    }
}

/// Switches faults on and off, and changes their rates, while calls run.
#[derive(Debug, Clone)]
pub struct FaultHandle {
    plan: Arc<Plan>,
}

impl FaultHandle {
    /// Whether faults happen.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.plan.is_on()
    }

    /// The fraction of the calls that fail while faults happen.
    #[must_use]
    pub fn errors(&self) -> f64 {
        self.plan.errors()
    }

    /// The fraction of the calls that are held up while faults happen.
    #[must_use]
    pub fn delays(&self) -> f64 {
        self.plan.delays()
    }

    /// Makes faults happen.
    pub fn switch_on(&self) {
        self.plan.switch(true);
    }

    /// Lets all calls be.
    pub fn switch_off(&self) {
        self.plan.switch(false);
    }

    /// Fails this fraction of the calls from now on.
    ///
    /// # Panics
    ///
    /// If `rate` is not within 0 and 1.
    pub fn set_errors(&self, rate: f64) {
        self.plan.set_errors(rate);
    }

    /// Holds this fraction of the calls up from now on.
    ///
    /// # Panics
    ///
    /// If `rate` is not within 0 and 1.
    pub fn set_delays(&self, rate: f64) {
        self.plan.set_delays(rate);
    }
}
