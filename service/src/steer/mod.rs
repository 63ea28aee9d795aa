//! A fixed set of services, one of which a function picks for each request.
//!
//! # Why and when
//!
//! For services that are not alike: shards, versions, one for reads and one for writes. The function knows which request
//! is whose. Instances of one service are for a [`balance`](crate::balance), which knows their load.
//!
//! Only the picked one is asked for readiness, by the call: one that is not ready delays no other's requests. An empty
//! set, or a pick outside of it, is an error and not a hang or a panic.
//!
//! ```
//! use std::convert::Infallible;
//! use minato_service::{ServiceExt, Steer, service_fn};
//!
//! let shards: Vec<_> = (0..4_u32)
//!     .map(|shard| service_fn(move |key: u32| async move { Ok::<_, Infallible>((shard, key)) }))
//!     .collect();
//! let service = Steer::new(shards, |key: &u32, shards: &[_]| *key as usize % shards.len());
//! # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
//! # let Poll::Ready(reply) = pin!(service.oneshot(6)).as_mut()
//! #     .poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
//! assert_eq!(reply.ok(), Some((2, 6)));
//! ```

mod error;
mod future;
mod service;

pub use error::{NoSuchService, SteerError};
pub use future::ResponseFuture;
pub use service::{Picker, Steer};
