//! Balancing by readiness, as tower does it.
//!
//! # Why and when
//!
//! For services that cannot be cloned, and for code that comes from tower: [`Balance`] owns the services that a
//! [`Discover`](crate::balance::Discover) tells it, asks all of them for readiness, and gives a request to the less loaded of
//! two ready ones at random. Their [`Load`](crate::load::Load) is their own to tell. Services that can be cloned are better
//! balanced by [`balance::Balance`](crate::balance::Balance), which can itself be cloned, ejects what fails, and fails at once
//! where there is nobody.
//!
//! As in tower, `poll_ready` waits while no service is ready, also where there is none: one may come. Where it cannot,
//! because the discovery has ended, it fails. Put a [`fail_fast`](crate::fail_fast) around so that callers do not wait for
//! ever, and a [`buffer`](crate::buffer) to share it.
//!
//! ```
//! use minato_service::balance::{ServiceList, p2c};
//! use minato_service::load::{CompleteOnResponse, PendingRequestsDiscover};
//! use minato_service::{ServiceExt, service_fn};
//!
//! let services = (8001..8004).map(|port| service_fn(move |n: u32| async move { Ok::<_, std::io::Error>((port, n)) }));
//! let discover = PendingRequestsDiscover::new::<u32>(ServiceList::new(services), CompleteOnResponse::default());
//! let service = p2c::Balance::new(discover);
//! # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
//! # let Poll::Ready(reply) = pin!(service.oneshot(7)).as_mut()
//! #     .poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
//! assert!(matches!(reply, Ok((8001..=8003, 7))));
//! ```

mod make;
mod service;

pub use make::{MakeBalance, MakeBalanceLayer, MakeFuture};
pub use service::Balance;
