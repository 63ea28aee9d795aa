//! A rate for each key.
//!
//! The table of buckets is bounded and in parts with a lock each. A call that waits is counted with its key, so that a
//! newcomer knows how many are before it, and a key with calls that wait is not forgotten.

mod future;
mod layer;
mod service;
mod table;

pub use future::KeyedWaitFuture;
pub use layer::{KeyedRateHandle, KeyedRateLimitLayer};
pub use service::KeyedRateLimit;
