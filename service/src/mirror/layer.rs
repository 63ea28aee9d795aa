//! The layer of [`Mirror`], which owns the bound on copies.

use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use super::Mirror;
use crate::before_use::before_use;
use crate::limit::ConcurrencyHandle;
use crate::limit::permits::Limit;
use crate::observe::{Observer, Watch};

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

    /// Tells `observer` of requests that were not copied, of copies that failed, and of changes of the bound.
    ///
    /// # Panics
    ///
    /// If the layer has been used already.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        before_use(&mut self.limit, "observer").watch = Watch::new(observer);
        self
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
