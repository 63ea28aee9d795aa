//! Services kept apart by whether they are ready.
//!
//! # Why and when
//!
//! To write a balancer, or a pool, of services that exert backpressure: pick among those that are ready, and go on
//! asking the others. [`p2c::Balance`](crate::balance::p2c::Balance) is written with it. Users of a balancer need
//! none; and where services can be cloned, [`balance`](crate::balance) does without.
//!
//! A pending service is asked again when it has woken its own waker, and no other with it. A service that was called
//! is pending again; one that fails to become ready is dropped, and told.
//!
//! ```
//! use minato_service::ready_cache::ReadyCache;
//! use minato_service::service_fn;
//!
//! let mut cache = ReadyCache::default();
//! for port in [8001, 8002] {
//!     cache.push(port, service_fn(move |n: u32| async move { Ok::<_, std::io::Error>((port, n)) }));
//! }
//! # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
//! # let cx = &mut Context::from_waker(Waker::noop());
//! assert!(cache.poll_pending(cx).is_ready());
//! assert_eq!((cache.ready_len(), cache.pending_len()), (2, 0));
//! let answer = cache.call_ready(&8002, 7);
//! assert_eq!((cache.ready_len(), cache.pending_len()), (1, 1));
//! # let Poll::Ready(answer) = pin!(answer).as_mut().poll(cx) else { panic!() };
//! assert_eq!(answer.ok(), Some((8002, 7)));
//! ```

mod cache;
pub mod error;
mod pending;
mod ready;

pub use cache::ReadyCache;
