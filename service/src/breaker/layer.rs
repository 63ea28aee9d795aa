//! The layer of [`Breaker`], which owns the state.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use super::shared::Shared;
use super::state::State;
use super::window::WindowKind;
use super::{Breaker, Status};
use crate::classify::AnyError;
use crate::observe::{Observer, Watch};

/// How a breaker behaves.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) failure_rate: f64,
    pub(super) calls_min: u32,
    pub(super) window: WindowKind,
    pub(super) open_for: RangeInclusive<Duration>,
    pub(super) probes: u64,
    pub(super) slow: Option<Duration>,
}

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
        assert!(failure_rate > 0.0 && failure_rate <= 1.0, "`failure_rate` is {failure_rate}, not in (0, 1]");
        let settings = Settings {
            failure_rate,
            calls_min: 20,
            window: WindowKind::Calls(100),
            open_for: Duration::from_secs(5)..=Duration::from_secs(60),
            probes: 5,
            slow: None,
        };
        Self { shared: Arc::new(Shared::new(settings)), classifier: AnyError::default() }
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
        assert!(calls > 0, "`calls_min` is zero: nothing would have been seen");
        self.change("calls_min").settings.calls_min = calls;
        self.check()
    }

    /// Counts outcomes over `window`.
    ///
    /// # Panics
    ///
    /// If the window is empty, longer than a million calls, or shorter than the smallest number of calls, or the
    /// layer has been used already.
    #[must_use]
    pub fn window(mut self, window: WindowKind) -> Self {
        match window {
            WindowKind::Calls(calls) => {
                assert!(
                    (2..=1_000_000).contains(&calls),
                    "`window` of {calls} calls, not within 2 to 1000000"
                );
            }
            WindowKind::Time(span) => assert!(!span.is_zero(), "`window` of no time"),
        }
        self.change("window").set_window(window);
        self.check()
    }

    /// Stays open for the shorter of the two, twice as long each time in a row, up to the longer.
    ///
    /// # Panics
    ///
    /// If the range is empty or begins at zero, or the layer has been used already.
    #[must_use]
    pub fn open_for(mut self, durations: RangeInclusive<Duration>) -> Self {
        assert!(!durations.is_empty(), "`open_for` is an empty range");
        assert!(!durations.start().is_zero(), "`open_for` begins at zero: the breaker would never be open");
        self.change("open_for").settings.open_for = durations;
        self
    }

    /// Closes again when so many probes have gone well; as many may run at once.
    ///
    /// # Panics
    ///
    /// If `probes` is not within 1 and 10,000, or the layer has been used already.
    #[must_use]
    pub fn probes(mut self, probes: u32) -> Self {
        assert!((1..=10_000).contains(&probes), "`probes` is {probes}, not within 1 to 10000");
        self.change("probes").settings.probes = u64::from(probes);
        self
    }

    /// Takes calls for failures that take longer than `duration`.
    ///
    /// # Panics
    ///
    /// If `duration` is zero, or the layer has been used already.
    #[must_use]
    pub fn slow_call(mut self, duration: Duration) -> Self {
        assert!(!duration.is_zero(), "`slow_call` is zero: every call would be a failure");
        self.change("slow_call").settings.slow = Some(duration);
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

    /// Looks at the breaker, and opens and closes it by hand.
    #[must_use]
    pub fn handle(&self) -> BreakerHandle {
        BreakerHandle { shared: self.shared.clone() }
    }

    fn change(&mut self, field: &str) -> &mut Shared {
        match Arc::get_mut(&mut self.shared) {
            Some(shared) => shared,
            None => panic!("`{field}` is set before the layer is used"),
        }
    }

    fn check(self) -> Self {
        if let WindowKind::Calls(calls) = self.shared.settings.window {
            let min = self.shared.settings.calls_min;
            assert!(min <= calls, "`calls_min` is {min}, more than the {calls} calls of `window`");
        }
        self
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

/// Looks at a breaker, and opens and closes it by hand.
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
}
