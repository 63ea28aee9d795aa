//! Another service to ask when the first one fails.
//!
//! # Why and when
//!
//! For an answer that is worse than the right one and better than none: from a cache, from a replica that lags, a
//! constant. The backup is asked with a copy of the request, and in its own time: its readiness is awaited by the call.
//! Which outcomes are failures is told by a [`Classifier`](crate::classify::Classifier); by default every error is one. A fallback that does the same
//! work at the same place is a retry, and wants a budget.
//!
//! ```
//! use minato_service::fallback::FallbackLayer;
//! use minato_service::{Layer, ServiceExt, service_fn};
//!
//! let cached = service_fn(|name: String| async move { Ok::<_, &str>(format!("{name}, as of yesterday")) });
//! let service = FallbackLayer::new(cached).layer(service_fn(|_: String| async { Err("unreachable") }));
//! # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
//! # let Poll::Ready(reply) = pin!(service.oneshot("weather".into())).as_mut()
//! #     .poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
//! assert_eq!(reply.as_deref(), Ok("weather, as of yesterday"));
//! ```

mod future;
mod layer;
mod service;

pub use future::ResponseFuture;
pub use layer::FallbackLayer;
pub use service::Fallback;
