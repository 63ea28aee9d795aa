//! The layer of [`LoadShed`].

use tower_layer::Layer;

use super::LoadShed;

/// A layer that refuses requests while the inner service is not ready.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoadShedLayer(());

impl LoadShedLayer {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for LoadShedLayer {
    type Service = LoadShed<S>;

    fn layer(&self, inner: S) -> LoadShed<S> {
        LoadShed::new(inner)
    }
}
