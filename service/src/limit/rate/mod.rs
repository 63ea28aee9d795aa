#![doc = include_str!("rate.md")]

mod future;
mod gcra;
mod keyed;
mod layer;
#[cfg(all(test, loom))]
mod loom_models;
mod service;
mod turn;

pub use future::WaitFuture;
pub use keyed::{KeyedRateHandle, KeyedRateLimit, KeyedRateLimitLayer, KeyedWaitFuture};
pub use layer::{RateHandle, RateLimitLayer};
pub use service::RateLimit;
