//! The layer of [`Fallback`].

use std::fmt;

use tower_layer::Layer;

use super::Fallback;
use crate::classify::AnyError;

/// A layer that asks another service when the one inside fails.
#[derive(Clone, Copy)]
pub struct FallbackLayer<B, C = AnyError> {
    backup: B,
    classifier: C,
}

impl<B> FallbackLayer<B> {
    /// Asks `backup` when the service inside fails.
    pub fn new(backup: B) -> Self {
        Self { backup, classifier: AnyError::default() }
    }
}

impl<B, C> FallbackLayer<B, C> {
    /// Takes for failures what `classifier` says so of.
    pub fn failure_if<C2, Response, Error>(self, classifier: C2) -> FallbackLayer<B, C2>
    where
        C2: Fn(&Result<Response, Error>) -> bool + Clone,
    {
        FallbackLayer { backup: self.backup, classifier }
    }
}

impl<B: fmt::Debug, C> fmt::Debug for FallbackLayer<B, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FallbackLayer").field("backup", &self.backup).finish_non_exhaustive()
    }
}

impl<S, B: Clone, C: Clone> Layer<S> for FallbackLayer<B, C> {
    type Service = Fallback<S, B, C>;

    fn layer(&self, inner: S) -> Self::Service {
        Fallback::new(inner, self.backup.clone(), self.classifier.clone())
    }
}
