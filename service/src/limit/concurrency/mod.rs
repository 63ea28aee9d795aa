#![doc = include_str!("concurrency.md")]

#[cfg(feature = "http")]
mod body;
mod future;
mod handle;
mod hold;
mod layer;
mod reservation;
mod service;

#[cfg(feature = "http")]
pub use body::{HeldBody, UntilBodyEnd};
pub use future::{AdmittedFuture, RejectFuture, WaitFuture};
pub use handle::ConcurrencyHandle;
pub use hold::{Hold, UntilResponse};
pub use layer::ConcurrencyLimitLayer;
pub(crate) use reservation::Reservation;
pub use service::ConcurrencyLimit;
