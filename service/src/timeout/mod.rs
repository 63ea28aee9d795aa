//! A bound on how long a call may take.
//!
//! The timer is made when the inner future is first pending: a call that is answered at once costs no clock reading.
//! The bound counts from then on. Time spent waiting for readiness does not count.

pub mod error;
mod future;
mod layer;
mod service;

pub use error::{Elapsed, TimeoutError};
pub use future::ResponseFuture;
pub use layer::TimeoutLayer;
pub use service::Timeout;
