//! Calls that run on tasks of their own, or where they may block.
//!
//! # Why and when
//!
//! The future of a call is polled by whoever holds it: by the task of a connection, with all its other calls. A call
//! that computes for long keeps those waiting. [`OffloadLayer`] gives each call a task, so that it runs on another core
//! and is balanced by the runtime; [`blocking_fn`] makes a service of a function that blocks, on the threads the
//! runtime keeps for that. Put a [`limit`](crate::limit) around either: tasks and threads are bounded by nothing else.
//!
//! The task ends with the call: dropping the future aborts it. It has the [deadline](crate::deadline) of the call. Should
//! it panic, the call fails with [`TaskLost`](crate::error::TaskLost), and nothing else does.
//!
//! ```
//! use minato_service::offload::{OffloadLayer, blocking_fn};
//! use minato_service::{ServiceBuilder, ServiceExt};
//!
//! # let runtime = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! let sum = ServiceBuilder::new()
//!     .layer(OffloadLayer::new())
//!     .service_fn(|numbers: Vec<u64>| async move { Ok::<_, std::io::Error>(numbers.iter().sum::<u64>()) });
//! assert_eq!(sum.oneshot(vec![1, 2, 3]).await.ok(), Some(6));
//! let read = blocking_fn(|path: &'static str| std::fs::read_to_string(path));
//! assert!(read.oneshot("/no/such/file").await.is_err());
//! # });
//! ```

mod blocking;
mod error;
mod future;
mod layer;
mod service;

pub use blocking::{BlockingFn, blocking_fn};
pub use error::OffloadError;
pub use future::ResponseFuture;
pub use layer::OffloadLayer;
pub use service::Offload;
