//! A copy of the traffic for a service whose answers nobody waits for.
//!
//! # Why and when
//!
//! To see a new version under real load before anybody depends on it, or to warm a cache. Copies are sent by tasks of
//! their own: the call itself is never delayed, and ends as it would have. At most so many copies are under way at
//! once; what comes beyond that is not copied. The answers are dropped; an [observer](MirrorLayer::observer) hears of
//! errors among them, and of requests that were not copied.
//!
//! ```
//! use minato_service::mirror::MirrorLayer;
//! use minato_service::{Layer, ServiceExt, service_fn};
//!
//! # let runtime = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! let shadow = service_fn(|n: u32| async move { Err::<u32, _>(format!("{n} is too new for me")) });
//! let layer = MirrorLayer::new(shadow, 10, |n: &u32| Some(*n));
//! let service = layer.layer(service_fn(|n: u32| async move { Ok::<_, ()>(n) }));
//! assert_eq!(service.oneshot(7).await, Ok(7));
//! # });
//! ```

mod layer;
mod service;

pub use layer::MirrorLayer;
pub use service::Mirror;
