//! Panics as errors.
//!
//! # Why and when
//!
//! A panic in one call otherwise unwinds through whatever runs it: through a connection's task with all its other
//! calls, through a buffer. Put this around handlers in servers, outside of what may panic and inside of what must go
//! on. The error carries the message of the panic; [`lift`](crate::ServiceExt::lift) or
//! [`or_response`](crate::ServiceExt::or_response) make of it what the caller wants to hear.
//!
//! The future that panicked is dropped at once; should that panic too, it is let go of without a further word.
//!
//! ```
//! use std::convert::Infallible;
//! use minato_service::catch_panic::{CatchPanicLayer, Panicked};
//! use minato_service::{ServiceBuilder, ServiceExt, service_fn};
//!
//! let service = ServiceBuilder::new()
//!     .or_response(|panicked: Panicked| panicked.to_string())
//!     .layer(CatchPanicLayer::new())
//!     .service(service_fn(|n: u32| async move {
//!         if n == 0 { panic!("no division by zero") }
//!         Ok::<_, Infallible>((10 / n).to_string())
//!     }));
//! # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
//! # let Poll::Ready(reply) = pin!(service.oneshot(0)).as_mut()
//! #     .poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
//! assert_eq!(reply, Ok("the service panicked: no division by zero".to_owned()));
//! ```

mod error;
mod future;
mod layer;
mod service;

pub(crate) use error::message;
pub use error::{PanicError, Panicked};
pub use future::ResponseFuture;
pub use layer::CatchPanicLayer;
pub use service::CatchPanic;
