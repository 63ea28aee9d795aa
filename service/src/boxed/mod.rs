//! Services and layers with their type erased.
//!
//! # Why and when
//!
//! The type of a stack names all its layers. It has to be written down in a struct's field, and two stacks of different
//! layers cannot be in one list; erased they can. Each call then costs one allocation, for its future: erase at the
//! border of a module, not between layers.
//!
//! | type | a clone costs | asks of the service |
//! |---|---|---|
//! | [`BoxService`] | - | `Send` |
//! | [`UnsyncBoxService`] | - | nothing |
//! | [`BoxCloneService`] | an allocation | `Clone + Send` |
//! | [`BoxCloneSyncService`] | an allocation | `Clone + Send + Sync` |
//! | [`ArcService`] | a reference count | `Clone + Send + Sync` |
//!
//! ```
//! use std::io::Error;
//! use minato_service::{BoxCloneService, ServiceBuilder, ServiceExt, service_fn};
//!
//! let echo = service_fn(|n: u32| async move { Ok::<_, Error>(n) });
//! let services: Vec<BoxCloneService<u32, u32, Error>> =
//!     vec![echo.boxed_clone(), ServiceBuilder::new().concurrency_limit(1).service(echo).boxed_clone()];
//! # assert_eq!(services.len(), 2);
//! ```

mod arc;
mod layer;
mod service;
mod unsync;

pub use arc::ArcService;
pub use layer::{BoxCloneServiceLayer, BoxCloneSyncServiceLayer, BoxLayer};
pub use service::{BoxCloneService, BoxCloneSyncService, BoxFuture, BoxService};
pub use unsync::{LocalBoxFuture, UnsyncBoxService};
