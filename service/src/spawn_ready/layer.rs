//! The layer of [`SpawnReady`].

use tower_layer::Layer;

use super::SpawnReady;

/// A layer that has a task ask for readiness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SpawnReadyLayer(());

impl SpawnReadyLayer {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for SpawnReadyLayer {
    type Service = SpawnReady<S>;

    fn layer(&self, inner: S) -> SpawnReady<S> {
        SpawnReady::new(inner)
    }
}
