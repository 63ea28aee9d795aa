//! Failures on purpose, the same ones again for the same seed.
//!
//! # Why and when
//!
//! What a system does when a callee is slow or fails is known only after it has happened. In tests, and in production
//! with care, this layer makes it happen: to a fraction of the calls, decided by their number and a seed. It can be
//! switched on and off, and its rates changed, while calls run.
//!
//! ```
//! use std::time::Duration;
//! use minato_service::fault::FaultLayer;
//! use minato_service::{Layer, ServiceExt, service_fn};
//!
//! let layer = FaultLayer::seeded(42, || "injected")
//!     .errors(0.25)
//!     .delays(0.1, Duration::from_millis(50)..=Duration::from_millis(200));
//! layer.handle().set_errors(1.0);
//! let service = layer.layer(service_fn(|n: u32| async move { Ok::<_, &str>(n) }));
//! # let runtime = minato_runtime::runtime::Builder::new_current_thread().start_paused(true).build().unwrap();
//! # let reply = runtime.block_on(service.oneshot(7));
//! assert_eq!(reply, Err("injected"));
//! ```

mod future;
mod layer;
mod plan;
mod service;

pub use future::ResponseFuture;
pub use layer::{FaultHandle, FaultLayer};
pub use service::{Always, Fault, When};
