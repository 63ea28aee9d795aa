//! The layer of [`Propagate`].

use tower_layer::Layer;

use super::Propagate;

/// A layer for clients that sends the trace context with each request.
///
/// ```
/// use minato_http::Body;
/// use minato_service::{ServiceBuilder, ServiceExt};
/// use minato_trace::{PropagateLayer, TraceContext};
///
/// # let runtime = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let client = ServiceBuilder::new().layer(PropagateLayer::new()).service_fn(
///     |request: http::Request<Body>| async move { Ok::<_, minato_http::Error>(request.headers().clone()) },
/// );
/// let sent = TraceContext::new_root().scope(client.oneshot(http::Request::default())).await.unwrap();
/// assert!(sent.contains_key("traceparent"));
/// # });
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct PropagateLayer(());

impl PropagateLayer {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for PropagateLayer {
    type Service = Propagate<S>;

    fn layer(&self, inner: S) -> Propagate<S> {
        Propagate::new(inner)
    }
}
