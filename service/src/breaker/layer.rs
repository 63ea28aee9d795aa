//! The layer of [`Breaker`], which owns the state.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use super::settings::Settings;
use super::shared::Shared;
use super::state::State;
use super::window::WindowKind;
use super::{Breaker, Status};
use crate::before_use::before_use;
use crate::classify::AnyError;
use crate::observe::{Observer, Watch};

/// A layer that refuses calls while the callee fails, over all services it makes.
#[derive(Clone)]
pub struct BreakerLayer<C = AnyError> {
    shared: Arc<Shared>,
    classifier: C,
}

impl BreakerLayer {
    /// Opens when `failure_rate` of the calls fail, a fraction of one.
    ///
    /// By default every error is a failure, the last 100 calls count, there must be 20, the breaker is open for five
    /// seconds up to a minute, and five probes must go well.
    ///
    /// # Panics
    ///
    /// If `failure_rate` is not above 0 and at most 1.
    #[must_use]
    pub fn new(failure_rate: f64) -> Self {
        Self { shared: Arc::new(Shared::new(Settings::new(failure_rate))), classifier: AnyError::default() }
    }
}

impl<C> BreakerLayer<C> {
    /// Takes for failures what `classifier` says so of.
    pub fn failure_if<C2, Response, Error>(self, classifier: C2) -> BreakerLayer<C2>
    where
        C2: Fn(&Result<Response, Error>) -> bool + Clone,
    {
        BreakerLayer { shared: self.shared, classifier }
    }

    /// Does not open before so many calls have been counted.
    ///
    /// # Panics
    ///
    /// If `calls` is zero or more than a window of calls holds, or the layer has been used already.
    #[must_use]
    pub fn calls_min(mut self, calls: u32) -> Self {
        self.change("calls_min").settings.set_calls_min(calls);
        self
    }

    /// Counts outcomes over `window`.
    ///
    /// # Panics
    ///
    /// If the window is empty, longer than a million calls, or shorter than the smallest number of calls, or the
    /// layer has been used already.
    #[must_use]
    pub fn window(mut self, window: WindowKind) -> Self {
        self.change("window").set_window(window);
        self
    }

    /// Stays open for the shorter of the two, twice as long each time in a row, up to the longer.
    ///
    /// # Panics
    ///
    /// If the range is empty or begins at zero, or the layer has been used already.
    #[must_use]
    pub fn open_for(mut self, durations: RangeInclusive<Duration>) -> Self {
        self.change("open_for").settings.set_open_for(durations);
        self
    }

    /// Closes again when so many probes have gone well; as many may run at once.
    ///
    /// # Panics
    ///
    /// If `probes` is not within 1 and 10,000, or the layer has been used already.
    #[must_use]
    pub fn probes(mut self, probes: u32) -> Self {
        self.change("probes").settings.set_probes(probes);
        self
    }

    /// Takes calls for failures that take longer than `duration`.
    ///
    /// # Panics
    ///
    /// If `duration` is zero, or the layer has been used already.
    #[must_use]
    pub fn slow_call(mut self, duration: Duration) -> Self {
        self.change("slow_call").settings.set_slow(duration);
        self
    }

    /// Tells `observer` when the breaker opens and closes.
    ///
    /// # Panics
    ///
    /// If the layer has been used already.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.change("observer").watch = Watch::new(observer);
        self
    }

    /// Looks at the breaker, opens and closes it by hand, and changes when it does so by itself.
    #[must_use]
    pub fn handle(&self) -> BreakerHandle {
        BreakerHandle { shared: self.shared.clone() }
    }

    fn change(&mut self, field: &str) -> &mut Shared {
        before_use(&mut self.shared, field)
    }
}

impl<C> fmt::Debug for BreakerLayer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerLayer").field("shared", &self.shared).finish_non_exhaustive()
    }
}

impl<S, C: Clone> Layer<S> for BreakerLayer<C> {
    type Service = Breaker<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        self.shared.take_calls();
        Breaker::new(inner, self.shared.clone(), self.classifier.clone())
    }
}

/// Looks at a breaker, opens and closes it by hand, and changes when it does so by itself.
///
/// What is changed is for what comes next: outcomes that have been counted stay so, an opening ends when it was to, and the
/// next failure is judged by the new settings. The window stays the one of the layer.
///
/// ```
/// use std::time::Duration;
/// use minato_service::breaker::BreakerLayer;
///
/// let layer = BreakerLayer::new(0.5);
/// let handle = layer.handle();
/// handle.set_failure_rate(0.2);
/// handle.set_open_for(Duration::from_secs(1)..=Duration::from_secs(10));
/// assert_eq!((handle.failure_rate(), *handle.open_for().end()), (0.2, Duration::from_secs(10)));
/// ```
#[derive(Debug, Clone)]
pub struct BreakerHandle {
    shared: Arc<Shared>,
}

impl BreakerHandle {
    /// Where the breaker stands.
    #[must_use]
    pub fn status(&self) -> Status {
        self.shared.status()
    }

    /// Refuses all calls until something else is said.
    pub fn force_open(&self) {
        self.shared.force(State::FORCED_OPEN);
    }

    /// Lets all calls pass and counts none until something else is said.
    pub fn disable(&self) {
        self.shared.force(State::DISABLED);
    }

    /// Closes the breaker, with nothing counted.
    pub fn reset(&self) {
        self.shared.force(State::CLOSED);
    }

    /// The fraction of the calls that fail at which the breaker opens.
    #[must_use]
    pub fn failure_rate(&self) -> f64 {
        self.shared.settings.failure_rate()
    }

    /// Opens the breaker when this fraction of the calls fails.
    ///
    /// # Panics
    ///
    /// If `failure_rate` is not above 0 and at most 1.
    pub fn set_failure_rate(&self, failure_rate: f64) {
        self.shared.settings.set_failure_rate(failure_rate);
    }

    /// How many calls must have been counted before the breaker opens.
    #[must_use]
    pub fn calls_min(&self) -> u32 {
        self.shared.settings.calls_min()
    }

    /// Does not open the breaker before so many calls have been counted.
    ///
    /// # Panics
    ///
    /// If `calls` is zero or more than a window of calls holds.
    pub fn set_calls_min(&self, calls: u32) {
        self.shared.settings.set_calls_min(calls);
    }

    /// How long the breaker stays open: first, and at most after it has opened many times in a row.
    #[must_use]
    pub fn open_for(&self) -> RangeInclusive<Duration> {
        self.shared.settings.open_for()
    }

    /// Changes how long the breaker stays open when it next opens.
    ///
    /// # Panics
    ///
    /// If the range is empty or begins at zero.
    pub fn set_open_for(&self, durations: RangeInclusive<Duration>) {
        self.shared.settings.set_open_for(durations);
    }

    /// How many probes must go well for the breaker to close.
    #[must_use]
    pub fn probes(&self) -> u32 {
        self.shared.settings.probes()
    }

    /// Closes the breaker when so many probes have gone well, those that have already among them; as many may run at once.
    ///
    /// # Panics
    ///
    /// If `probes` is not within 1 and 10,000.
    pub fn set_probes(&self, probes: u32) {
        self.shared.settings.set_probes(probes);
    }

    /// From when on a call is a failure because it is slow, where the layer was told of such a time.
    #[must_use]
    pub fn slow_call(&self) -> Option<Duration> {
        self.shared.settings.slow().map(Duration::from_nanos)
    }

    /// Takes calls for failures that take longer than `duration`, those under way among them.
    ///
    /// # Panics
    ///
    /// If `duration` is zero, or the layer was not told of such a time: its calls are then not timed.
    pub fn set_slow_call(&self, duration: Duration) {
        assert!(
            self.slow_call().is_some(),
            "`slow_call` is not set for the layer, whose calls are not timed"
        );
        self.shared.settings.set_slow(duration);
    }
}
