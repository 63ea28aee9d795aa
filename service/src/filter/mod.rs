//! Requests that a predicate lets through, changed or not.
//!
//! # Why and when
//!
//! To turn away what is not worth a call: a request that is malformed, too large, or not allowed; and to make of it what
//! the inner service takes, such as an identity out of a token.
//!
//! A [`Predicate`] takes the request and gives back what the inner service is called with, or an error, which ends the
//! call before the inner service sees it. An [`AsyncPredicate`] may wait before it decides. The error type stays that
//! of the inner service: the predicate's must convert into it.
//!
//! ```
//! use minato_service::{ServiceBuilder, ServiceExt, service_fn};
//!
//! #[derive(Debug, PartialEq)]
//! struct TooLong;
//! let service = ServiceBuilder::new()
//!     .filter(|name: String| if name.len() > 5 { Err(TooLong) } else { Ok(name) })
//!     .service(service_fn(|name: String| async move { Ok::<_, TooLong>(name.len()) }));
//! # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
//! # fn now<F: Future>(future: F) -> F::Output {
//! #     let Poll::Ready(output) = pin!(future).as_mut().poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
//! #     output
//! # }
//! assert_eq!(now(service.clone().oneshot("short".into())), Ok(5));
//! assert_eq!(now(service.oneshot("too long".into())), Err(TooLong));
//! ```

mod asynchronous;
mod future;
mod layer;
mod predicate;
mod service;

pub use asynchronous::{AsyncFilter, AsyncFilterLayer, AsyncResponseFuture};
pub use future::ResponseFuture;
pub use layer::FilterLayer;
pub use predicate::{AsyncPredicate, Predicate};
pub use service::Filter;
