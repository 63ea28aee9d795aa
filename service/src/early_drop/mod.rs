//! Hearing of calls that nobody waited for to the end.
//!
//! # Why and when
//!
//! When a client goes away the server drops its call, in silence: no answer, no error, nothing in the metrics, though
//! these may be the very calls that took too long. This layer calls a function with each of them. Put it at the top of
//! a server's stack, around whatever may drop calls, to count and log what was abandoned and after how long.
//!
//! With the feature `http`, `until_body_end` also tells of responses whose body was dropped before its end.
//!
//! ```
//! use std::sync::atomic::{AtomicU64, Ordering};
//! use minato_service::early_drop::{Dropped, EarlyDropLayer};
//! use minato_service::{Layer, Service, service_fn};
//!
//! static ABANDONED: AtomicU64 = AtomicU64::new(0);
//! let layer = EarlyDropLayer::new(|_: Dropped| {
//!     ABANDONED.fetch_add(1, Ordering::Relaxed);
//! });
//! let mut service = layer.layer(service_fn(|n: u32| async move { Ok::<_, std::io::Error>(n) }));
//! drop(service.call(7));
//! assert_eq!(ABANDONED.load(Ordering::Relaxed), 1);
//! ```

#[cfg(feature = "http")]
mod body;
mod guard;
mod layer;
mod service;

#[cfg(feature = "http")]
pub use body::{GuardedBody, UntilBodyEnd};
pub use guard::{Dropped, Guard, Phase, UntilResponse, Watched};
pub use layer::EarlyDropLayer;
pub use service::{EarlyDrop, ResponseFuture};
