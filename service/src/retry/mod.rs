#![doc = include_str!("retry.md")]

mod adapted;
mod backoff;
mod budget;
mod future;
mod layer;
#[cfg(all(test, loom))]
mod loom_models;
mod policy;
mod prepare;
#[cfg(feature = "http")]
pub mod replay;
mod request;
mod service;
mod standard;

pub use adapted::AdaptedPolicy;
pub use backoff::{Backoff, Delays, Jitter};
pub use budget::RetryBudget;
pub use future::ResponseFuture;
pub use layer::RetryLayer;
pub use policy::Policy;
pub use prepare::{Prepare, Unprepared};
pub use request::{CloneRequest, Cloned};
pub use service::Retry;
pub use standard::{Delay, StandardPolicy, Verdict};
