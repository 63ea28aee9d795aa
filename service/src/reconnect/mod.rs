//! A service that is made again when it breaks.
//!
//! # Why and when
//!
//! For a connection: the first one is made when it is first asked for, and another one when the one there is fails to
//! become ready. Between failed attempts it waits, as its [`Backoff`](crate::Backoff) says, so that a callee that restarts
//! is not met by a storm.
//!
//! | type | the connection | asks of it |
//! |---|---|---|
//! | [`Reconnect`] | is this service's own, as in tower | nothing |
//! | [`SharedReconnect`] | is that of all clones, who wait for one attempt together | `Clone` |
//!
//! A connection that cannot be cloned is shared by a [`buffer`](crate::buffer) around a `Reconnect`. An attempt that
//! clones wait for belongs to all of them: whoever is polled drives it, and one that goes away does not take it along.
//!
//! A failed attempt is told to the calls that waited for it; `poll_ready` never fails for it, so that the service is not
//! given up. A call that the service made is not repeated: that is what [`retry`](crate::retry) is for. Where nobody
//! shall wait while attempts fail, put a [`fail_fast`](crate::fail_fast) around.
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
//! let service = Reconnect::new(connect, "127.0.0.1:80")
//!     .backoff(Backoff::new(Duration::from_millis(100), Duration::from_secs(10)))
//!     .shared();
//! # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
//! # fn now<F: Future>(future: F) -> F::Output {
//! #     let Poll::Ready(output) = pin!(future).as_mut().poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
//! #     output
//! # }
//! assert_eq!(now(service.clone().oneshot(7)).ok(), Some(7));
//! assert_eq!(now(service.clone().oneshot(8)).ok(), Some(8));
//! assert_eq!(service.handle().connections(), 1);
//! ```

mod connection;
mod error;
mod future;
mod handle;
mod service;
mod shared;

pub use error::ReconnectError;
pub use future::ResponseFuture;
pub use handle::ReconnectHandle;
pub use service::Reconnect;
pub use shared::SharedReconnect;
