//! Services that make services.
//!
//! # Why and when
//!
//! Where a service belongs to something: to one connection of a server, to one target of a client.
//!
//! A server that wants a service per connection takes a [`MakeService`]: a [`Service`](crate::Service) from a target,
//! such as the peer's address, to a service. [`Shared`] makes one of a service that can be cloned. A client that wants a
//! connection for its requests takes a [`MakeConnection`]: a service from a target to something that reads and writes.
//!
//! ```
//! use std::convert::Infallible;
//! use minato_service::make::{MakeService, Shared};
//! use minato_service::service_fn;
//!
//! let mut make = Shared::new(service_fn(|n: u32| async move { Ok::<_, Infallible>(n) }));
//! let for_one_connection = make.make_service("127.0.0.1:80");
//! # drop(for_one_connection);
//! ```

mod make_connection;
mod make_service;
mod shared;

pub use make_connection::MakeConnection;
pub use make_service::{AsService, IntoService, MakeService};
pub use shared::{Shared, SharedFuture};
