//! The layer of [`Hedge`], which owns the delay and the budget.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tower_layer::Layer;

use super::Hedge;
use super::latency::Latency;
use crate::RetryBudget;
use crate::before_use::before_use;
use crate::clock::nanos;
use crate::observe::{Observer, Watch};

/// What the calls of a layer share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) delay: Delay,
    /// What an operator has set instead, in nanoseconds; zero where nothing was.
    set: AtomicU64,
    pub(super) budget: RetryBudget,
    pub(super) hedged: AtomicU64,
    pub(super) watch: Watch,
}

#[derive(Debug)]
pub(super) enum Delay {
    Fixed(Duration),
    Percentile { latency: Latency, within: RangeInclusive<Duration> },
}

impl Shared {
    /// After how long a call is hedged now.
    pub(super) fn delay(&self) -> Duration {
        match self.set.load(Ordering::Relaxed) {
            0 => self.delay.now(),
            set => Duration::from_nanos(set),
        }
    }
}

impl Delay {
    fn now(&self) -> Duration {
        match self {
            Self::Fixed(delay) => *delay,
            Self::Percentile { latency, within } => latency.bound().clamp(*within.start(), *within.end()),
        }
    }
}

/// A layer that asks again while a call is slow.
pub struct HedgeLayer<C> {
    shared: Arc<Shared>,
    copy: C,
}

impl<C> HedgeLayer<C> {
    /// Asks again after `delay`, with what `copy` makes of the request; where it makes none, the request is not hedged.
    ///
    /// # Panics
    ///
    /// If `delay` is zero.
    #[must_use]
    pub fn after<Request>(delay: Duration, copy: C) -> Self
    where
        C: Fn(&Request) -> Option<Request>,
    {
        assert!(!delay.is_zero(), "`delay` is zero: every call would be made twice");
        Self::new(Delay::Fixed(delay), copy)
    }

    /// Asks again once `percent` of a hundred calls would have been answered, within bounds.
    ///
    /// Until 128 calls have been answered, the upper bound is the delay.
    ///
    /// # Panics
    ///
    /// If `percent` is zero or more than 99, or `within` is empty.
    #[must_use]
    pub fn percentile<Request>(percent: u32, within: RangeInclusive<Duration>, copy: C) -> Self
    where
        C: Fn(&Request) -> Option<Request>,
    {
        assert!((1..=99).contains(&percent), "`percent` is {percent}, not within 1 to 99");
        assert!(!within.is_empty(), "`within` is an empty range");
        Self::new(Delay::Percentile { latency: Latency::new(percent, *within.end()), within }, copy)
    }

    fn new(delay: Delay, copy: C) -> Self {
        let budget = RetryBudget::new(10, 10);
        let shared = Shared {
            delay,
            set: AtomicU64::new(0),
            budget,
            hedged: AtomicU64::new(0),
            watch: Watch::default(),
        };
        Self { shared: Arc::new(shared), copy }
    }

    /// Hedges only while `budget` pays for it; by default for a tenth of the requests.
    ///
    /// # Panics
    ///
    /// If the layer has been cloned or has made a service or a handle already.
    #[must_use]
    pub fn budget(mut self, budget: RetryBudget) -> Self {
        before_use(&mut self.shared, "budget").budget = budget;
        self
    }

    /// Tells `observer` of each hedge.
    ///
    /// # Panics
    ///
    /// If the layer has been cloned or has made a service or a handle already.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        before_use(&mut self.shared, "observer").watch = Watch::new(observer);
        self
    }

    /// Looks at the delay and at how much was hedged, and changes the delay while calls run.
    #[must_use]
    pub fn handle(&self) -> HedgeHandle {
        HedgeHandle { shared: self.shared.clone() }
    }
}

impl<C: Clone> Clone for HedgeLayer<C> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), copy: self.copy.clone() }
    }
}

impl<C> fmt::Debug for HedgeLayer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HedgeLayer").field("shared", &self.shared).finish_non_exhaustive()
    }
}

impl<S, C: Clone> Layer<S> for HedgeLayer<C> {
    type Service = Hedge<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        Hedge::new(inner, self.shared.clone(), self.copy.clone())
    }
}

/// Looks at the hedging of a layer, and changes it while calls run.
#[derive(Debug, Clone)]
pub struct HedgeHandle {
    shared: Arc<Shared>,
}

impl HedgeHandle {
    /// After how long a call is hedged now.
    #[must_use]
    pub fn delay(&self) -> Duration {
        self.shared.delay()
    }

    /// Hedges calls after `delay` from now on, whatever the layer says; none is what the layer says again.
    ///
    /// # Panics
    ///
    /// If `delay` is zero.
    pub fn set_delay(&self, delay: Option<Duration>) {
        assert!(
            delay.is_none_or(|delay| !delay.is_zero()),
            "`delay` is zero: every call would be made twice"
        );
        self.shared.set.store(delay.map_or(0, nanos), Ordering::Relaxed);
    }

    /// What hedges are paid from.
    #[must_use]
    pub fn budget(&self) -> RetryBudget {
        self.shared.budget.clone()
    }

    /// How many calls have been hedged.
    #[must_use]
    pub fn hedged(&self) -> u64 {
        self.shared.hedged.load(Ordering::Relaxed)
    }
}
