//! The layer of [`Filter`].

use std::fmt;

use tower_layer::Layer;

use super::Filter;

/// A layer that lets requests through as its predicate says.
#[derive(Clone, Copy)]
pub struct FilterLayer<P> {
    predicate: P,
}

impl<P> FilterLayer<P> {
    /// A layer with `predicate`, cloned for each service.
    pub const fn new(predicate: P) -> Self {
        Self { predicate }
    }
}

impl<P> fmt::Debug for FilterLayer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilterLayer").finish_non_exhaustive()
    }
}

impl<P: Clone, S> Layer<S> for FilterLayer<P> {
    type Service = Filter<S, P>;

    fn layer(&self, inner: S) -> Self::Service {
        Filter::new(inner, self.predicate.clone())
    }
}
