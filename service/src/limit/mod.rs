//! Limits on how much a service does.
//!
//! [`concurrency`] bounds the calls that run at once, [`bulkhead`] does so for each key, [`rate`] bounds the calls in a
//! span of time, for each key too, and [`adaptive`] finds its bound itself. The state of a limit lives
//! in its layer: every service the layer makes, and every clone of it, shares the limit.
//!
//! # Why and when
//!
//! A service that takes in more than it can do fails for everybody. Bound what runs at once where work costs memory or
//! places elsewhere, and what begins in a span of time where somebody has a quota; see each module for when to take it.
//!
//! What happens at the limit is a mode. [`Backpressure`] is tower's: `poll_ready` waits. [`Reject`] refuses with
//! [`Overloaded`](crate::Overloaded) and never waits. [`Wait`] accepts, and the call waits, as one of a bounded
//! number and for a bounded time. A reservation made by backpressure is held until the call, however idle its holder;
//! the other two cannot hold anything back from others.
//!
//! ```
//! use std::time::Duration;
//! use minato_service::limit::{ConcurrencyLimitLayer, RateLimitLayer, Wait};
//! use minato_service::{ServiceBuilder, service_fn};
//!
//! let service = ServiceBuilder::new()
//!     .layer(RateLimitLayer::rejecting(1000, Duration::from_secs(1)))
//!     .layer(ConcurrencyLimitLayer::waiting(64, Wait::at_most(Duration::from_millis(50))))
//!     .service(service_fn(|n: u32| async move { Ok::<_, std::io::Error>(n) }));
//! # let _ = minato_service::ServiceExt::<u32>::boxed_clone(service);
//! ```

pub mod adaptive;
pub mod bulkhead;
pub mod concurrency;
pub mod rate;

#[cfg(all(test, loom))]
mod loom_models;
mod mode;
pub(crate) mod permits;
mod pockets;
mod queue;
mod stock;

pub use bulkhead::{Bulkhead, BulkheadHandle, BulkheadLayer};
pub use concurrency::{ConcurrencyHandle, ConcurrencyLimit, ConcurrencyLimitLayer};
/// Tower's name for a limit that services share, which all are here.
pub type GlobalConcurrencyLimitLayer = ConcurrencyLimitLayer;

pub use mode::{Backpressure, Mode, Prioritized, Priority, QueueDelay, Reject, Wait};
pub use rate::{KeyedRateHandle, KeyedRateLimit, KeyedRateLimitLayer, RateHandle, RateLimit, RateLimitLayer};
