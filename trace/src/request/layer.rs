//! The layer of [`Trace`].

use tower_layer::Layer;

use super::Trace;

/// A layer that puts each request of a server into a span of its own.
///
/// The span is called `request`, at level `INFO`, with the field names of the OpenTelemetry semantic conventions. It
/// closes when the body of the response has ended, after one event with the outcome: at `ERROR` for what the
/// conventions call the server's failure, else at `INFO`. While a filter turns the span off, requests pass untouched.
///
/// | field | value |
/// |---|---|
/// | `otel.name` | the method; for gRPC, service and method |
/// | `otel.kind`, `otel.status_code` | `server`; `ERROR` where the server failed |
/// | `http.request.method`, `url.path`, `url.scheme`, `network.protocol.version` | from the head |
/// | `client.address` | of the [`ConnInfo`](minato_http::ConnInfo) among the extensions |
/// | `http.response.status_code` | a number |
/// | `rpc.system.name`, `rpc.method`, `rpc.response.status_code` | of gRPC calls; the code as a name, such as `OK` |
/// | `error.type` | the status; the type of the service's or the body's error; `panic`; `cancelled`, when the client went away |
/// | `http.server.request.duration` | seconds |
/// | `trace_id`, `span_id`, `parent_span_id` | of the [`TraceContext`](crate::TraceContext) |
///
/// The trace context of the caller is continued, or a new trace begun. It is among the extensions of the request and
/// the [current](crate::TraceContext::current) one of the handler.
///
/// ```
/// use minato_http::{Body, handler_fn};
/// use minato_service::ServiceBuilder;
/// use minato_trace::TraceLayer;
///
/// let service =
///     ServiceBuilder::new().layer(TraceLayer::new()).service(handler_fn(|_: http::Request<Body>| async {
///         tracing::info!("inside the span");
///         "hello"
///     }));
/// # let _ = service;
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct TraceLayer(());

impl TraceLayer {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for TraceLayer {
    type Service = Trace<S>;

    fn layer(&self, inner: S) -> Trace<S> {
        Trace::new(inner)
    }
}
