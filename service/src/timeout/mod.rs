#![doc = include_str!("timeout.md")]

pub mod error;
mod future;
mod layer;
mod per_request;
mod service;
mod total;

pub use error::{Elapsed, TimeoutError};
pub use future::ResponseFuture;
pub use layer::TimeoutLayer;
pub use per_request::{RequestTimeout, RequestTimeoutLayer, TimeoutFor};
pub use service::Timeout;
pub use total::{TotalTimeout, TotalTimeoutLayer};

/// Refuses a bound that nothing could keep.
const fn check(duration: std::time::Duration) {
    assert!(!duration.is_zero(), "`duration` is zero: every call would take too long");
}
