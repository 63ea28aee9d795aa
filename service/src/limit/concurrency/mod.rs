//! A bound on the calls that run at once.
//!
//! ```
//! use minato_service::limit::{ConcurrencyLimitLayer, Wait};
//! use std::time::Duration;
//!
//! let backpressure = ConcurrencyLimitLayer::new(64);
//! let reject = ConcurrencyLimitLayer::rejecting(64);
//! let wait = ConcurrencyLimitLayer::waiting(64, Wait::at_most(Duration::from_millis(50)).waiters(200));
//! # drop((backpressure, reject, wait));
//! ```

mod future;
mod layer;
mod service;

pub use future::{AdmittedFuture, RejectFuture, WaitFuture};
pub use layer::ConcurrencyLimitLayer;
pub use service::ConcurrencyLimit;
