#![doc = include_str!("hedge.md")]

mod future;
mod latency;
mod layer;
mod service;

pub use future::ResponseFuture;
pub use layer::{HedgeHandle, HedgeLayer};
pub use service::Hedge;
