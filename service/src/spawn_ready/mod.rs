//! Readiness that comes about whether or not anybody asks.
//!
//! # Why and when
//!
//! A service is asked for readiness by who wants to call it, and one that is not asked makes no progress: a connection
//! is not made again before the next request, which then waits for it. This layer has a task of its own ask, from the
//! first time the service was found not ready until it is. Put it around what takes long to become ready and can do so
//! on its own, such as a [`Reconnect`](crate::reconnect::Reconnect) in a balancer.
//!
//! The task ends when the service is ready or this one is dropped: nothing goes on connecting to what nobody holds. An
//! error of readiness is told to the next who asks, and the service is kept. Should the task panic the service is lost,
//! and calls fail with [`TaskLost`](crate::error::TaskLost).
//!
//! ```
//! use minato_service::spawn_ready::SpawnReady;
//! use minato_service::{ServiceExt, service_fn};
//!
//! # let runtime = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! let service = SpawnReady::new(service_fn(|n: u32| async move { Ok::<_, std::io::Error>(n) }));
//! assert_eq!(service.oneshot(7).await.ok(), Some(7));
//! # });
//! ```

mod layer;
mod service;

pub use layer::SpawnReadyLayer;
pub use service::SpawnReady;
