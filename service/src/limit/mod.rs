//! Limits on how much a service does.
//!
//! [`concurrency`] bounds the calls that run at once, [`bulkhead`] does so for each key, [`rate`] bounds the calls in a
//! span of time, for each key too, and [`adaptive`] finds its bound itself. The state of a limit lives
//! in its layer: every service the layer makes, and every clone of it, shares the limit.
//!
//! What happens at the limit is a mode. [`Backpressure`] is tower's: `poll_ready` waits. [`Reject`] refuses with
//! [`Overloaded`](crate::Overloaded) and never waits. [`Wait`] accepts, and the call waits, as one of a bounded
//! number and for a bounded time. A reservation made by backpressure is held until the call, however idle its holder;
//! the other two cannot hold anything back from others.

pub mod adaptive;
pub mod bulkhead;
pub mod concurrency;
pub mod rate;

#[cfg(all(test, loom))]
mod loom_models;
mod mode;
pub(crate) mod permits;
mod queue;
mod stock;

pub use bulkhead::{Bulkhead, BulkheadHandle, BulkheadLayer};
pub use concurrency::{ConcurrencyHandle, ConcurrencyLimit, ConcurrencyLimitLayer};
pub use mode::{Backpressure, Mode, Prioritized, Priority, QueueDelay, Reject, Wait};
pub use rate::{KeyedRateHandle, KeyedRateLimit, KeyedRateLimitLayer, RateHandle, RateLimit, RateLimitLayer};
