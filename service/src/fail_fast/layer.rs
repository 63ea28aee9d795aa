//! The layer of [`FailFast`], which knows since when its services are not ready.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tower_layer::Layer;

use super::FailFast;
use crate::before_use::before_use;
use crate::clock::{Epoch, nanos};
use crate::error::OverloadReason;
use crate::observe::{Event, Observer, Watch};

/// What the services of a layer share.
#[derive(Debug)]
pub(super) struct Shared {
    patience: AtomicU64,
    /// The nanosecond since which the inner service is not ready, plus one; zero while it is.
    since: AtomicU64,
    /// The nanosecond at which it was last found so.
    asked: AtomicU64,
    epoch: Epoch,
    watch: Watch,
}

impl Shared {
    pub(super) fn note_ready(&self) {
        if self.since.load(Ordering::Relaxed) != 0 {
            self.since.store(0, Ordering::Relaxed);
        }
    }

    /// Notes that the inner service is not ready, and says for how long it has not been.
    pub(super) fn note_pending(&self) -> Duration {
        let now = self.epoch.now().saturating_add(1);
        let asked = self.asked.swap(now, Ordering::Relaxed);
        let since = self.since.load(Ordering::Relaxed);
        // Whoever waits asks again when its patience has ended. Where nobody has for longer, nothing is known of the
        // time between.
        let is_stale =
            now.saturating_sub(asked) > 2 * self.patience.load(Ordering::Relaxed).min(u64::MAX / 2);
        if since != 0 && !is_stale {
            return Duration::from_nanos(now.saturating_sub(since));
        }
        match self.since.compare_exchange(since, now, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) | Err(0) => Duration::ZERO,
            Err(since) => Duration::from_nanos(now.saturating_sub(since)),
        }
    }

    pub(super) fn patience(&self) -> Duration {
        Duration::from_nanos(self.patience.load(Ordering::Relaxed))
    }

    pub(super) fn tell_refusal(&self) {
        self.watch.tell(|| Event::Refused { reason: OverloadReason::NotReady });
    }

    fn is_failing(&self) -> bool {
        let since = self.since.load(Ordering::Relaxed);
        since != 0 && self.epoch.now().saturating_sub(since - 1) >= self.patience.load(Ordering::Relaxed)
    }
}

/// A layer that answers calls at once when the service inside has not been ready for a while.
#[derive(Debug, Clone)]
pub struct FailFastLayer {
    shared: Arc<Shared>,
}

impl FailFastLayer {
    /// Waits for `patience` for the inner service to become ready, and not again until it has.
    ///
    /// # Panics
    ///
    /// If `patience` is zero: that is what [`load_shed`](crate::load_shed) is for.
    #[must_use]
    pub fn new(patience: Duration) -> Self {
        assert!(!patience.is_zero(), "`patience` is zero: `load_shed` never waits");
        let shared = Shared {
            patience: AtomicU64::new(nanos(patience)),
            since: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            epoch: Epoch::new(),
            watch: Watch::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Tells `observer` of each call that is refused.
    ///
    /// # Panics
    ///
    /// If the layer has been used already.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        before_use(&mut self.shared, "observer").watch = Watch::new(observer);
        self
    }

    /// Looks at whether calls are refused, and changes how long they wait.
    #[must_use]
    pub fn handle(&self) -> FailFastHandle {
        FailFastHandle { shared: self.shared.clone() }
    }
}

impl<S> Layer<S> for FailFastLayer {
    type Service = FailFast<S>;

    fn layer(&self, inner: S) -> FailFast<S> {
        FailFast::new(inner, self.shared.clone())
    }
}

/// Looks at whether a layer's calls are refused, and changes how long they wait.
#[derive(Debug, Clone)]
pub struct FailFastHandle {
    shared: Arc<Shared>,
}

impl FailFastHandle {
    /// Whether calls are refused now.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.shared.is_failing()
    }

    /// Waits for so long from now on.
    ///
    /// # Panics
    ///
    /// If `patience` is zero.
    pub fn set_patience(&self, patience: Duration) {
        assert!(!patience.is_zero(), "`patience` is zero: `load_shed` never waits");
        self.shared.patience.store(nanos(patience), Ordering::Relaxed);
    }
}
