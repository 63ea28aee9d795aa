//! Answering "too busy" instead of making the caller wait.
//!
//! Placed around a service that exerts backpressure, such as a
//! [`ConcurrencyLimit`](crate::limit::concurrency::ConcurrencyLimit), it is always ready and refuses the requests the
//! inner service could not take now.

pub mod error;
mod future;
mod layer;
mod service;

pub use future::ResponseFuture;
pub use layer::LoadShedLayer;
pub use service::LoadShed;
