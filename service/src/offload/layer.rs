//! The layer of [`Offload`].

use tower_layer::Layer;

use super::Offload;

/// A layer that gives each call a task.
#[derive(Debug, Clone, Copy, Default)]
pub struct OffloadLayer(());

impl OffloadLayer {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for OffloadLayer {
    type Service = Offload<S>;

    fn layer(&self, inner: S) -> Offload<S> {
        Offload::new(inner)
    }
}
