//! Tracing set-up, HTTP and gRPC spans, W3C trace context.
