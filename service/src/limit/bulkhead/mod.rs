//! A bound on the calls at once for each key, so that one cannot take what all need.
//!
//! # Why and when
//!
//! One tenant, one shard or one callee that has become slow holds on to its calls, and under a common limit soon holds
//! all places: everybody waits for it. Bulkheads divide the ship: each key has a limit of its own, and when one is full
//! the others are as empty as before. Put them in front of what many share, keyed by whoever could take too much; put a
//! [`ConcurrencyLimit`](crate::limit::concurrency) around them for the whole.
//!
//! | made with | where a key has no place left | choose it |
//! |---|---|---|
//! | [`BulkheadLayer::rejecting`] | the call is refused | in servers |
//! | [`BulkheadLayer::waiting`] | the call waits, as one of a bounded number and for a bounded time | in clients |
//!
//! `poll_ready` cannot wait for a place: the key is only known with the request. A key is kept track of while it has
//! calls and forgotten with the last of them; the number of keys is bounded, by 65,536 unless
//! [`keys_max`](BulkheadLayer::keys_max) says otherwise.
//!
//! ```
//! use minato_service::limit::BulkheadLayer;
//! use minato_service::{Layer, ServiceExt, service_fn};
//!
//! let layer = BulkheadLayer::rejecting(10, |(tenant, _): &(u32, &str)| *tenant);
//! let handle = layer.handle();
//! let service = layer.layer(service_fn(|(_, query): (u32, &'static str)| async move { Ok::<_, ()>(query.len()) }));
//! # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
//! # let Poll::Ready(reply) = pin!(service.oneshot((7, "select"))).as_mut()
//! #     .poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
//! assert_eq!(reply, Ok(6));
//! assert_eq!((handle.in_flight(&7), handle.keys()), (0, 0));
//! ```

mod future;
mod layer;
mod service;
mod table;

pub use future::ResponseFuture;
pub use layer::{BulkheadHandle, BulkheadLayer};
pub use service::Bulkhead;
