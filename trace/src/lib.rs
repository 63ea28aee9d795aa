//! Tracing set-up, HTTP and gRPC spans, W3C trace context.
//!
//! - [`init`], [`Init`]: one call that makes spans and events visible
//! - [`TraceLayer`]: a span for each request of a server, HTTP or gRPC, with its outcome
//! - [`PropagateLayer`]: the trace context of outgoing requests
//! - [`TraceContext`]: `traceparent` and `tracestate`, in and out
//! - [`spawn_traced`]: tasks that keep the span and the context of their spawner
//!
//! Everything here works with any subscriber of the [`tracing`] crate, and the layers with any tower stack.
//!
//! ```
//! use minato_http::{Body, Server, handler_fn};
//! use minato_service::ServiceBuilder;
//! use minato_trace::TraceLayer;
//!
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! minato_trace::init()?;
//! let service = ServiceBuilder::new()
//!     .layer(TraceLayer::new())
//!     .service(handler_fn(|_: http::Request<Body>| async { "hello" }));
//! Server::bind("127.0.0.1:3000").serve(service).await?;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod context;
mod init;
mod limits;
mod propagate;
mod request;
mod task;

pub use self::context::{Sampling, Scope, SpanId, TraceContext, TraceId, TraceState};
pub use self::init::{Format, Init, InitError, init};
pub use self::propagate::{Propagate, PropagateLayer};
pub use self::request::{ResponseFuture, Trace, TraceLayer, TracedBody};
pub use self::task::spawn_traced;
