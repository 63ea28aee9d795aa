#![doc = include_str!("breaker.md")]

mod cell;
mod error;
mod future;
mod layer;
#[cfg(all(test, loom))]
mod loom_models;
mod service;
mod settings;
mod shared;
mod state;
pub(crate) mod window;

pub use error::{BreakerError, CircuitOpen};
pub use future::ResponseFuture;
pub use layer::{BreakerHandle, BreakerLayer};
pub use service::Breaker;
pub use state::Status;
pub use window::WindowKind;
