//! A service that can be cloned, of one that cannot.
//!
//! # Why and when
//!
//! For a service whose instance is the thing itself: one connection, one state machine. Clones of the buffer share it,
//! and a bounded number of requests wait for their turn with it. A service that can be cloned needs no buffer.
//!
//! # How
//!
//! There is no task and no channel. The service lies in the middle, and a call that finds it there takes it, asks it for
//! readiness, calls it, and puts it back; what the call then waits for is its own. A call that finds it gone leaves its
//! request, and whoever has the service makes that call too: so the order of calls is that of requests, and no thread waits
//! for another to wake up. Nothing is spawned, and nothing can be poisoned: an error of readiness, or a panic, belongs to
//! the request that met it, and the next asks again.
//!
//! As with tower's, `call` of the inner service may run in the task of another caller; the [deadline](crate::deadline) it
//! sees is the request's own.
//!
//! As in tower, `poll_ready` waits for room among those that wait. A request whose [deadline](crate::deadline) has
//! passed when its turn comes is not delivered.
//!
//! ```
//! use minato_service::buffer::Buffer;
//! use minato_service::{ServiceExt, service_fn};
//!
//! let mut count = 0;
//! let counter = service_fn(move |()| {
//!     count += 1;
//!     std::future::ready(Ok::<_, std::io::Error>(count))
//! });
//! let shared = Buffer::new(counter, 16);
//! # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
//! # fn now<F: Future>(future: F) -> F::Output {
//! #     let Poll::Ready(output) = pin!(future).as_mut().poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
//! #     output
//! # }
//! assert_eq!(now(shared.clone().oneshot(())).ok(), Some(1));
//! assert_eq!(now(shared.oneshot(())).ok(), Some(2));
//! ```

mod future;
mod layer;
#[cfg(all(test, loom))]
mod loom_models;
mod service;
mod slot;
mod turns;

pub use future::ResponseFuture;
pub use layer::BufferLayer;
pub use service::Buffer;
