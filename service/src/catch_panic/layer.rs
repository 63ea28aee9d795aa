//! The layer of [`CatchPanic`].

use tower_layer::Layer;

use super::CatchPanic;

/// A layer that makes panics errors.
#[derive(Debug, Clone, Copy, Default)]
pub struct CatchPanicLayer(());

impl CatchPanicLayer {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for CatchPanicLayer {
    type Service = CatchPanic<S>;

    fn layer(&self, inner: S) -> CatchPanic<S> {
        CatchPanic::new(inner)
    }
}
