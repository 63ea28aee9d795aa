//! What tests of middleware need.
//!
//! # Why and when
//!
//! Middleware is tested with a service inside it that does as it is told. This module, of the feature `test-util`, has
//! two of them and more:
//!
//! * [`mock`]: the test plays the inner service by hand, as with tower-test: it takes each request and answers it.
//! * [`Probe`]: a scripted service that insists on its contract. Calling an instance that was not polled ready panics.
//! * [`contract`]: the contract that every middleware owes, as one function. This crate holds its own against it.
//! * [`Task`]: a future polled by hand, that knows whether it was woken.
//!
//! ```
//! use minato_service::test::{contract, mock};
//! use minato_service::{Layer, assert_request_eq, timeout::TimeoutLayer};
//! # use std::time::Duration;
//!
//! # let runtime = minato_runtime::runtime::Builder::new_current_thread().start_paused(true).build().unwrap();
//! # runtime.block_on(async {
//! let layer = TimeoutLayer::new(Duration::from_secs(1));
//! contract::check("timeout", contract::Errors::Pass, |probe| layer.layer(probe));
//!
//! let (mut service, mut handle) = mock::spawn_layer(layer);
//! assert!(service.poll_ready().is_ready());
//! let answer = service.call("ping");
//! assert_request_eq!(handle, "ping").send_response("pong");
//! assert_eq!(answer.await.unwrap(), "pong");
//! # });
//! ```

pub mod contract;
pub mod mock;
mod probe;
mod task;

pub use probe::{Act, Failed, Observer, Probe};
pub use task::{CountingWaker, Task, now, poll_ready};
