//! Not waiting any longer for what does not become ready.
//!
//! # Why and when
//!
//! A service that exerts backpressure makes its callers wait: for a moment that is right, and when the connection behind
//! it is gone for good every caller waits for its own timeout, and what they hold meanwhile fills the memory. This layer
//! waits for a while; once the service inside has not been ready for that long it answers calls at once, with
//! [`Unready`], until it is ready again. Put it around what may stay unready: a
//! [`Reconnect`](crate::reconnect::Reconnect), a [`p2c::Balance`](crate::balance::p2c::Balance), a limit. Where it
//! shall not wait at all, [`load_shed`](crate::load_shed) refuses from the first moment.
//!
//! # How
//!
//! How long the inner service has not been ready is known to the layer, over all services it makes: a clone that comes
//! late does not wait anew. While calls are refused each of them asks the inner service once more, so that the first
//! that finds it ready ends the refusals. A [`buffer`](crate::buffer) around it drains at once when refusals begin, and
//! nothing queues up in it until they end.
//!
//! ```
//! use std::time::Duration;
//! use minato_service::fail_fast::FailFastLayer;
//! use minato_service::limit::ConcurrencyLimitLayer;
//! use minato_service::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # let runtime = minato_runtime::runtime::Builder::new_current_thread().start_paused(true).build().unwrap();
//! # runtime.block_on(async {
//! let service = ServiceBuilder::new()
//!     .layer(FailFastLayer::new(Duration::from_secs(1)))
//!     .layer(ConcurrencyLimitLayer::new(1))
//!     .service(service_fn(|()| std::future::pending::<Result<(), std::io::Error>>()));
//! let stuck = minato_runtime::spawn(service.clone().oneshot(()));
//! minato_runtime::task::yield_now().await;
//! assert!(service.clone().oneshot(()).await.is_err_and(|error| error.is_unready()));
//! stuck.abort();
//! # });
//! ```

mod error;
mod future;
mod layer;
mod service;

pub use error::{FailFastError, Unready};
pub use future::ResponseFuture;
pub use layer::{FailFastHandle, FailFastLayer};
pub use service::FailFast;
