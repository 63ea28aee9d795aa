//! The layer of [`Mirror`], which owns the bound on copies.

use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use super::Mirror;
use crate::limit::ConcurrencyHandle;
use crate::limit::permits::Limit;

/// A layer that sends copies of requests to another service.
#[derive(Clone)]
pub struct MirrorLayer<S2, C> {
    shadow: S2,
    copy: C,
    limit: Arc<Limit>,
}

impl<S2, C> MirrorLayer<S2, C> {
    /// Sends to `shadow` what `copy` makes of requests, and at most `max` copies at once.
    ///
    /// # Panics
    ///
    /// If `max` is zero.
    #[must_use]
    pub fn new<Request>(shadow: S2, max: usize, copy: C) -> Self
    where
        C: Fn(&Request) -> Option<Request>,
    {
        Self { shadow, copy, limit: Arc::new(Limit::new(max)) }
    }

    /// Looks at the bound on copies and changes it while calls run.
    #[must_use]
    pub fn handle(&self) -> ConcurrencyHandle {
        ConcurrencyHandle::new(self.limit.clone())
    }
}

impl<S2, C> fmt::Debug for MirrorLayer<S2, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MirrorLayer").finish_non_exhaustive()
    }
}

impl<S, S2: Clone, C: Clone> Layer<S> for MirrorLayer<S2, C> {
    type Service = Mirror<S, S2, C>;

    fn layer(&self, inner: S) -> Self::Service {
        Mirror::new(inner, self.shadow.clone(), self.copy.clone(), self.limit.clone())
    }
}
