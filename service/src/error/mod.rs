//! How middleware says no, and in which of four ways a caller hears it.
//!
//! # Why and when
//!
//! Whoever handles an error wants to know what it was; whoever passes it on wants one type. Choose once, where the stack
//! meets the rest of the program.
//!
//! Each middleware that can refuse has an error of its own, an enum of two: its refusal, or what the inner service
//! failed with. From there on the stack chooses:
//!
//! | wanted | how |
//! |---|---|
//! | a type to match on | nothing: [`TimeoutError`](crate::TimeoutError), [`OverloadError`], … |
//! | the inner error type, unchanged | [`lift`](crate::ServiceExt::lift), where it converts from the refusal |
//! | tower's erased error | [`box_errors`](crate::ServiceExt::box_errors), or any `Into<BoxError>` on the way |
//! | a response instead of an error | [`or_response`](crate::ServiceExt::or_response), also where the error is `Infallible` |
//!
//! ```
//! use std::time::Duration;
//! use minato_service::{BoxError, Rejection, ServiceBuilder, ServiceExt, TimeoutError, service_fn};
//!
//! # let runtime = minato_runtime::runtime::Builder::new_current_thread().start_paused(true).build().unwrap();
//! # runtime.block_on(async {
//! let never = service_fn(|()| std::future::pending::<Result<(), std::io::Error>>());
//! let timed = ServiceBuilder::new().timeout(Duration::from_secs(1)).service(never);
//! match timed.oneshot(()).await {
//!     Err(TimeoutError::Elapsed(_)) => {}
//!     other => panic!("{other:?}"),
//! }
//! let erased = ServiceBuilder::new().box_errors().timeout(Duration::from_secs(1)).service(never);
//! let error: BoxError = erased.oneshot(()).await.unwrap_err();
//! assert!(Rejection::of(&*error).is_some_and(|rejection| rejection.is_timeout()));
//! # });
//! ```
//!
//! The enums do not implement `Error` themselves: that is what allows their conversion into [`BoxError`] for every
//! inner error, a `BoxError` included. The conversion unwraps, so that a caller downcasts to [`Overloaded`] or to the
//! inner error and never to a wrapper. [`Rejection::of`] asks an erased error what all callers want to know.

mod adapters;
mod overload;
mod rejection;
mod shared;
mod split;
mod task;

pub use adapters::{
    BoxErrors, BoxErrorsFuture, BoxErrorsLayer, Lift, LiftFuture, LiftLayer, OrResponse, OrResponseFuture,
    OrResponseLayer,
};
pub use overload::{OverloadError, OverloadReason, Overloaded};
pub use rejection::{Refusal, Rejection, RejectionKind};
pub use shared::SharedError;
pub use split::{Split, SplitError};
pub use task::TaskLost;

pub(crate) use split::layer_error;

/// The erased error of the tower ecosystem.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
