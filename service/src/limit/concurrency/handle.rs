//! A concurrency limit seen from outside.

use std::sync::Arc;

use crate::limit::permits::Limit;

/// Looks at a concurrency limit and changes it while calls run.
///
/// ```
/// use minato_service::limit::ConcurrencyLimitLayer;
///
/// let layer = ConcurrencyLimitLayer::new(64);
/// let handle = layer.handle();
/// handle.set_max(128);
/// assert_eq!((handle.max(), handle.in_flight(), handle.waiting()), (128, 0, 0));
/// ```
#[derive(Debug, Clone)]
pub struct ConcurrencyHandle {
    limit: Arc<Limit>,
}

impl ConcurrencyHandle {
    pub(crate) fn new(limit: Arc<Limit>) -> Self {
        Self { limit }
    }

    /// How many calls may run at once.
    #[must_use]
    pub fn max(&self) -> usize {
        self.limit.max()
    }

    /// Changes how many calls may run at once.
    ///
    /// More than that may go on running for a while after the number was lowered. Raised, it lets those in who wait.
    ///
    /// # Panics
    ///
    /// If `max` is zero.
    pub fn set_max(&self, max: usize) {
        self.limit.set_max(max);
    }

    /// How many places are taken: by calls that run, and by services that were polled ready.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.limit.in_flight()
    }

    /// How many wait for a place.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.limit.waiting()
    }
}
