//! The layer of [`Retry`].

use tower_layer::Layer;

use super::Retry;

/// A layer that tries requests again as its policy says.
#[derive(Debug, Clone, Copy)]
pub struct RetryLayer<P> {
    policy: P,
}

impl<P> RetryLayer<P> {
    /// A layer with `policy`, cloned for each request.
    pub const fn new(policy: P) -> Self {
        Self { policy }
    }
}

impl<P: Clone, S> Layer<S> for RetryLayer<P> {
    type Service = Retry<P, S>;

    fn layer(&self, inner: S) -> Retry<P, S> {
        Retry::new(self.policy.clone(), inner)
    }
}
