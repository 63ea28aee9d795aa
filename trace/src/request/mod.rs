//! A span for each request of a server, from its head to the end of the response's body.
//!
//! | file | what it holds |
//! |---|---|
//! | `layer.rs`, `service.rs`, `future.rs`, `body.rs` | the middleware |
//! | `span.rs` | the span and what is known of it when the head has come |
//! | `record.rs` | how a request ended, told once |
//! | `grpc.rs` | what gRPC calls look like |

mod body;
mod future;
mod grpc;
mod layer;
mod record;
mod service;
mod span;

pub use self::body::TracedBody;
pub use self::future::ResponseFuture;
pub use self::layer::TraceLayer;
pub use self::service::Trace;
