//! The layer of [`Deadlined`].

use std::fmt;
use std::time::Duration;

use tower_layer::Layer;

use super::{Deadlined, FromRequest};

/// A layer that gives every call the deadline of its request.
#[derive(Clone, Copy)]
pub struct DeadlineLayer<D = FromRequest> {
    source: D,
    default: Option<Duration>,
    at_most: Option<Duration>,
}

impl DeadlineLayer {
    /// Takes the deadline the request carries.
    #[must_use]
    pub const fn new() -> Self {
        Self::from_fn(FromRequest)
    }
}

impl Default for DeadlineLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<D> DeadlineLayer<D> {
    /// Takes the deadline `source` reads.
    #[must_use]
    pub const fn from_fn(source: D) -> Self {
        Self { source, default: None, at_most: None }
    }

    /// Gives requests without a deadline this much time.
    ///
    /// # Panics
    ///
    /// If `duration` is zero.
    #[must_use]
    pub const fn or_after(mut self, duration: Duration) -> Self {
        assert!(!duration.is_zero(), "`or_after` is zero: every call would come too late");
        self.default = Some(duration);
        self
    }

    /// Gives no request more time than this, whatever it asks for.
    ///
    /// # Panics
    ///
    /// If `duration` is zero.
    #[must_use]
    pub const fn at_most(mut self, duration: Duration) -> Self {
        assert!(!duration.is_zero(), "`at_most` is zero: every call would come too late");
        self.at_most = Some(duration);
        self
    }
}

impl<D> fmt::Debug for DeadlineLayer<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadlineLayer")
            .field("default", &self.default)
            .field("at_most", &self.at_most)
            .finish_non_exhaustive()
    }
}

impl<S, D: Clone> Layer<S> for DeadlineLayer<D> {
    type Service = Deadlined<S, D>;

    fn layer(&self, inner: S) -> Self::Service {
        Deadlined::new(inner, self.source.clone(), self.default, self.at_most)
    }
}
