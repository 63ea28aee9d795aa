//! The layer of [`Buffer`].

use tower_layer::Layer;

use super::Buffer;

/// A layer that makes a service cloneable.
#[derive(Debug, Clone, Copy)]
pub struct BufferLayer {
    bound: usize,
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
        Self { bound }
    }
}

impl<S> Layer<S> for BufferLayer {
    type Service = Buffer<S>;

    fn layer(&self, inner: S) -> Buffer<S> {
        Buffer::new(inner, self.bound)
    }
}
