//! The layer of [`Buffer`].

use tower_layer::Layer;

use super::Buffer;
use crate::observe::{Observer, Unobserved};

/// A layer that makes a service cloneable.
///
/// Each service has a buffer of its own, whose [`handle`](Buffer::handle) looks at it.
#[derive(Debug, Clone, Copy)]
pub struct BufferLayer<O = Unobserved> {
    bound: usize,
    observer: O,
}

impl BufferLayer {
    /// Lets at most `bound` requests wait for their turn.
    ///
    /// # Panics
    ///
    /// If `bound` is zero.
    #[must_use]
    pub const fn new(bound: usize) -> Self {
        assert!(bound > 0, "`bound` is zero: nothing could wait for its turn");
        Self { bound, observer: Unobserved::new() }
    }
}

impl<O> BufferLayer<O> {
    /// Tells a clone of `observer` what each buffer refuses, as [`Buffer::observer`] does.
    pub fn observer<O2: Observer + Clone>(self, observer: O2) -> BufferLayer<O2> {
        BufferLayer { bound: self.bound, observer }
    }
}

impl<S> Layer<S> for BufferLayer {
    type Service = Buffer<S>;

    fn layer(&self, inner: S) -> Buffer<S> {
        Buffer::new(inner, self.bound)
    }
}

impl<S, O: Observer + Clone> Layer<S> for BufferLayer<O> {
    type Service = Buffer<S>;

    fn layer(&self, inner: S) -> Buffer<S> {
        Buffer::new(inner, self.bound).observer(self.observer.clone())
    }
}
