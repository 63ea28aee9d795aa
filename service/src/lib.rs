//! Tower middleware of the Minato stack.
//!
//! [`Service`] and [`Layer`] are the real traits of `tower-service` and `tower-layer`: everything here composes with
//! tower, tower-http and axum in both directions. What differs from tower is kept small and deliberate:
//!
//! * errors stay typed ([`TimeoutError`], [`OverloadError`]) and still convert into [`BoxError`];
//! * limits are shared by the clones of a service, and by every service one layer makes;
//! * middleware can be one `async` function, see [`from_fn`];
//! * a timer is made only when something has to be waited for.
//!
//! ```
//! use std::convert::Infallible;
//! use std::time::Duration;
//! use minato_service::{ServiceBuilder, ServiceExt};
//!
//! let service = ServiceBuilder::new()
//!     .timeout(Duration::from_secs(5))
//!     .concurrency_limit(100)
//!     .service_fn(|name: &'static str| async move { Ok::<_, Infallible>(format!("hello {name}")) });
//! let reply = service.oneshot("world");
//! # use std::{pin::pin, task::{Context, Poll, Waker}};
//! # let Poll::Ready(reply) = pin!(reply).as_mut().poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
//! # use std::future::Future;
//! assert_eq!(reply.ok().as_deref(), Some("hello world"));
//! ```

#![forbid(unsafe_code)]

pub mod balance;
pub mod boxed;
pub mod breaker;
pub mod buffer;
pub mod call_all;
pub mod catch_panic;
pub mod classify;
pub mod combinator;
pub mod deadline;
pub mod discover;
pub mod early_drop;
pub mod error;
pub mod fail_fast;
pub mod fallback;
pub mod fault;
pub mod filter;
pub mod guides;
pub mod hedge;
pub mod layer;
pub mod limit;
pub mod load;
pub mod load_shed;
pub mod make;
pub mod mirror;
pub mod observe;
pub mod offload;
pub mod ready_cache;
pub mod reconnect;
pub mod retry;
pub mod single_flight;
pub mod spawn_ready;
pub mod steer;
#[cfg(feature = "test-util")]
pub mod test;
pub mod throttle;
pub mod timeout;
pub mod util;

mod access;
mod before_use;
mod builder;
mod clock;
mod either;
mod ext;
mod flight;
mod from_fn;
mod future_service;
mod judged;
mod limits;
mod random;
mod readied;
mod reusable;
mod service_fn;
mod shards;
mod shim;
mod stripe;
mod woken;

pub use boxed::{ArcService, BoxCloneService, BoxCloneSyncService, BoxService, UnsyncBoxService};
pub use builder::ServiceBuilder;
pub use clock::Instant;
pub use deadline::{Deadline, DeadlineLayer};
pub use either::{Either, option_layer};
pub use error::{BoxError, OverloadError, Overloaded, Rejection};
pub use ext::{Oneshot, Ready, ReadyOneshot, ServiceExt};
pub use from_fn::{FromFn, FromFnLayer, Next, from_fn};
pub use future_service::{FutureService, future_service};
pub use make::MakeService;
pub use readied::{Readied, take_ready};
pub use retry::{Backoff, Policy, RetryBudget};
pub use reusable::Reusable;
pub use service_fn::{ServiceFn, service_fn};
pub use steer::Steer;
pub use timeout::TimeoutError;
pub use tower_layer::{Identity, Layer, LayerFn, Stack, layer_fn};
pub use tower_service::Service;
