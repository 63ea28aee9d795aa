//! Identical calls that run at the same time, made once.
//!
//! # Why and when
//!
//! When an entry of a cache expires, everybody who wants it asks for it at once, and a callee that could answer one is
//! asked a thousand times the same. Put this in front of what is costly, may be done once for many, and has an answer
//! that can be cloned: a read, a token, a name to be resolved. It keeps nothing: a call that begins after the answer
//! was given is made anew.
//!
//! # How
//!
//! A function tells the key of a request. The first call of a key makes the inner call, with its own request; those that
//! come while that runs join it. The inner call belongs to all of them: whichever is polled drives it, so when the first
//! caller goes away the others go on where it stopped, and when all have gone it is dropped. Nothing is spawned.
//!
//! * **Answers and errors are cloned.** An error that cannot be cloned can with
//!   [`SharedError`](crate::error::SharedError): `.map_err(SharedError::new)`.
//! * **A panic** of the inner call is that of the call that began it. Those that had joined begin again.
//! * **Deadlines.** The inner call has the [deadline](crate::deadline) of the call that began it. One whose own is later
//!   does not join but begins another, which those after it join.
//! * **Readiness** of the inner service is awaited by the inner call: this service is always ready, and those who join
//!   reserve nothing.
//!
//! How much there is of it is bounded by the calls under way: nothing stays when they have gone. The key is to hold
//! everything the answer depends on, the caller's identity among it.
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU32, Ordering};
//! use std::time::Duration;
//! use minato_service::single_flight::SingleFlightLayer;
//! use minato_service::{Layer, ServiceExt, service_fn};
//!
//! # let runtime = minato_runtime::runtime::Builder::new_current_thread().start_paused(true).build().unwrap();
//! # runtime.block_on(async {
//! let loads = Arc::new(AtomicU32::new(0));
//! let counted = loads.clone();
//! let load = service_fn(move |name: String| {
//!     counted.fetch_add(1, Ordering::Relaxed);
//!     async move {
//!         minato_runtime::time::sleep(Duration::from_millis(50)).await;
//!         Ok::<_, &str>(format!("page of {name}"))
//!     }
//! });
//! let service = SingleFlightLayer::new(|name: &String| name.clone()).layer(load);
//! let calls: Vec<_> = (0..100).map(|_| minato_runtime::spawn(service.clone().oneshot("bo".to_owned()))).collect();
//! for call in calls {
//!     assert_eq!(call.await.unwrap(), Ok("page of bo".to_owned()));
//! }
//! assert_eq!(loads.load(Ordering::Relaxed), 1);
//! # });
//! ```

mod future;
mod layer;
mod service;
mod table;

pub use future::ResponseFuture;
pub use layer::{SingleFlightHandle, SingleFlightLayer};
pub use service::SingleFlight;
