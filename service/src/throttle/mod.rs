//! Not sending what will be refused.
//!
//! # Why and when
//!
//! A callee that is overloaded spends its last capacity on refusing. A client that sees much refused can do some of the
//! refusing itself: it lets through a little more than the callee accepted of late, and answers the rest with
//! [`Overloaded`](crate::Overloaded). Put one into every client of a service that many share; it needs no agreement with the callee and
//! recovers by itself.
//!
//! The probability of a refusal is `max(0, (requests - k * accepts) / (requests + 1))`, counted over two minutes unless
//! [`window`](ThrottleLayer::window) says otherwise (Google SRE, "Handling Overload"). Which outcomes are refusals of
//! the callee is told by a classifier: answers to the question asked, errors among them, are not.
//!
//! ```
//! use minato_service::throttle::ThrottleLayer;
//! use minato_service::{Layer, ServiceExt, service_fn};
//!
//! let layer = ThrottleLayer::new(2.0).refused_if(|result: &Result<u32, &str>| result == &Err("busy"));
//! let service = layer.layer(service_fn(|n: u32| async move { Ok::<_, &str>(n) }));
//! # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
//! # let Poll::Ready(reply) = pin!(service.oneshot(7)).as_mut()
//! #     .poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
//! assert_eq!(reply, Ok(7));
//! assert_eq!(layer.handle().probability(), 0.0);
//! ```

mod future;
mod layer;
mod service;
mod shared;

pub use future::ResponseFuture;
pub use layer::{ThrottleHandle, ThrottleLayer};
pub use service::Throttle;
