//! Answering "too busy" instead of making the caller wait.
//!
//! # Why and when
//!
//! A service that exerts backpressure makes its callers wait, and under overload all of them wait for longer than they
//! can use the answer. Placed around it, such as around a
//! [`ConcurrencyLimit`](crate::limit::concurrency::ConcurrencyLimit), this layer is always ready and refuses the requests
//! the inner service could not take now: the caller hears at once, and may try elsewhere. Put it at the top of a stack
//! whose readiness means room. Limits of this crate can refuse by themselves, and say why; where callers may wait for a
//! moment use a [`Wait`](crate::limit::Wait) or a [`fail_fast`](crate::fail_fast) instead.
//!
//! ```
//! use minato_service::limit::ConcurrencyLimitLayer;
//! use minato_service::load_shed::LoadShedLayer;
//! use minato_service::{Service, ServiceBuilder, ServiceExt, service_fn};
//!
//! let mut service = ServiceBuilder::new()
//!     .layer(LoadShedLayer::new())
//!     .layer(ConcurrencyLimitLayer::new(1))
//!     .service(service_fn(|n: u32| async move { Ok::<_, std::io::Error>(n) }));
//! # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
//! # fn now<F: Future>(future: F) -> F::Output {
//! #     let Poll::Ready(output) = pin!(future).as_mut().poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
//! #     output
//! # }
//! let _ = now(ServiceExt::<u32>::ready(&mut service));
//! let running = service.call(1);
//! assert!(now(service.clone().oneshot(2)).is_err_and(|error| error.is_overloaded()));
//! assert_eq!(now(running).ok(), Some(1));
//! ```

pub mod error;
mod future;
mod layer;
mod service;

pub use future::ResponseFuture;
pub use layer::LoadShedLayer;
pub use service::LoadShed;
