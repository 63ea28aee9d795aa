//! The layer of [`EarlyDrop`].

use std::fmt;
use std::marker::PhantomData;

use tower_layer::Layer;

use super::guard::UntilResponse;
use super::{Dropped, EarlyDrop};

/// A layer that tells of calls that are dropped before their end.
pub struct EarlyDropLayer<F, W = UntilResponse> {
    function: F,
    watched: PhantomData<fn() -> W>,
}

impl<F: Fn(Dropped) + Clone> EarlyDropLayer<F> {
    /// Calls `function` with each call that is dropped before it is answered. To be quick, and not to panic: it runs
    /// in a destructor.
    pub const fn new(function: F) -> Self {
        Self { function, watched: PhantomData }
    }

    /// Also tells of responses whose body is dropped before its end.
    #[cfg(feature = "http")]
    #[must_use]
    pub fn until_body_end(self) -> EarlyDropLayer<F, super::UntilBodyEnd> {
        EarlyDropLayer { function: self.function, watched: PhantomData }
    }
}

impl<F: Clone, W> Clone for EarlyDropLayer<F, W> {
    fn clone(&self) -> Self {
        Self { function: self.function.clone(), watched: PhantomData }
    }
}

impl<F, W> fmt::Debug for EarlyDropLayer<F, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EarlyDropLayer").finish_non_exhaustive()
    }
}

impl<S, F: Clone, W> Layer<S> for EarlyDropLayer<F, W> {
    type Service = EarlyDrop<S, F, W>;

    fn layer(&self, inner: S) -> Self::Service {
        EarlyDrop::new(inner, self.function.clone())
    }
}
