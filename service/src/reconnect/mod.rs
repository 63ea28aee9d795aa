//! A service that is made again when it breaks.
//!
//! # Why and when
//!
//! For a connection: [`Reconnect`] makes the first one when it is first asked for readiness, and another one when the
//! one it has fails to become ready. Between failed attempts it waits, as its [`Backoff`](crate::Backoff) says, so that
//! a callee that restarts is not met by a storm. One attempt is under way at a time; put a [`buffer`](crate::buffer)
//! around to share the connection, and the attempts, among many.
//!
//! A failed attempt is told to the call that waits for it; `poll_ready` never fails for it, so that the service is not
//! given up. A call that the service made is not repeated: that is what [`retry`](crate::retry) is for.
//!
//! ```
//! use std::convert::Infallible;
//! use std::time::Duration;
//! use minato_service::reconnect::Reconnect;
//! use minato_service::{Backoff, ServiceExt, service_fn};
//!
//! let connect = service_fn(|_: &str| async {
//!     Ok::<_, std::io::Error>(service_fn(|n: u32| async move { Ok::<_, Infallible>(n) }))
//! });
//! let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));
//! let service = Reconnect::new(connect, "127.0.0.1:80", backoff);
//! # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
//! # let Poll::Ready(reply) = pin!(service.oneshot(7)).as_mut()
//! #     .poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
//! assert_eq!(reply.ok(), Some(7));
//! ```

mod error;
mod future;
mod service;

pub use error::ReconnectError;
pub use future::ResponseFuture;
pub use service::Reconnect;
