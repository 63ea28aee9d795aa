//! The layer of an adaptive limit.

use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use super::Measured;
use super::algorithm::Algorithm;
use super::controller::Controller;
use crate::before_use::before_use;
use crate::classify::NoFailure;
use crate::limit::{ConcurrencyHandle, ConcurrencyLimit, ConcurrencyLimitLayer, Mode, Reject};
use crate::observe::{Observer, Watch};

/// A layer that bounds the calls that run at once by a number it finds itself, over all services it makes.
pub struct AdaptiveLimitLayer<M = Reject, C = NoFailure> {
    controller: Arc<Controller>,
    mode: M,
    classifier: C,
}

impl AdaptiveLimitLayer {
    /// A limit that begins at 20, stays between 1 and 1000, moves as `algorithm` says, and refuses calls beyond it.
    #[must_use]
    pub fn new(algorithm: impl Algorithm) -> Self {
        let controller = Arc::new(Controller::new(Box::new(algorithm), 20, (1, 1000)));
        Self { controller, mode: Reject::default(), classifier: NoFailure::default() }
    }
}

impl<M, C> AdaptiveLimitLayer<M, C> {
    /// Keeps the limit between `min` and `max`.
    ///
    /// # Panics
    ///
    /// If `min` is zero or more than `max`, or the layer has been used already.
    #[must_use]
    pub fn between(mut self, min: usize, max: usize) -> Self {
        assert!(min > 0, "`min` is zero: a limit that lets nothing through");
        assert!(min <= max, "`min` is {min} and exceeds `max`, which is {max}");
        crate::limit::permits::check(max);
        before_use(&mut self.controller, "between").set_bounds(min, max);
        self
    }

    /// Begins with a limit of `initial`.
    ///
    /// # Panics
    ///
    /// If that is not within the bounds, or the layer has been used already.
    #[must_use]
    pub fn starting_at(mut self, initial: usize) -> Self {
        before_use(&mut self.controller, "starting_at").set_initial(initial);
        self
    }

    /// Tells `observer` what is refused, and how the limit moves.
    ///
    /// # Panics
    ///
    /// If the layer has been used already.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        let limit = &mut before_use(&mut self.controller, "observer").limit;
        before_use(limit, "observer").watch = Watch::new(observer);
        self
    }

    /// Does at the limit as `mode` says.
    ///
    /// # Panics
    ///
    /// If the bounds of `mode` let nobody wait.
    pub fn mode<M2: Mode>(self, mode: M2) -> AdaptiveLimitLayer<M2, C> {
        mode.check();
        AdaptiveLimitLayer { controller: self.controller, mode, classifier: self.classifier }
    }

    /// Takes calls for dropped for want of capacity whose outcome `classifier` says so of.
    pub fn dropped_if<C2, Response, Error>(self, classifier: C2) -> AdaptiveLimitLayer<M, C2>
    where
        C2: Fn(&Result<Response, Error>) -> bool + Clone,
    {
        AdaptiveLimitLayer { controller: self.controller, mode: self.mode, classifier }
    }

    /// Looks at the limit. What is set by hand holds until the next window ends.
    #[must_use]
    pub fn handle(&self) -> ConcurrencyHandle {
        ConcurrencyHandle::new(self.controller.limit.clone())
    }
}

impl<M: Clone, C: Clone> Clone for AdaptiveLimitLayer<M, C> {
    fn clone(&self) -> Self {
        Self {
            controller: self.controller.clone(),
            mode: self.mode.clone(),
            classifier: self.classifier.clone(),
        }
    }
}

impl<M: fmt::Debug, C> fmt::Debug for AdaptiveLimitLayer<M, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdaptiveLimitLayer").field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl<S, M: Clone, C: Clone> Layer<S> for AdaptiveLimitLayer<M, C> {
    type Service = ConcurrencyLimit<Measured<S, C>, M>;

    fn layer(&self, inner: S) -> Self::Service {
        let controller = self.controller.clone();
        let limit = ConcurrencyLimitLayer::of(controller.limit.clone(), self.mode.clone());
        limit.layer(Measured::new(inner, controller, self.classifier.clone()))
    }
}
