#![doc = include_str!("balance.md")]

mod discover;
mod ejection;
mod endpoint;
mod endpoints;
mod error;
mod future;
mod load;

#[cfg(all(test, loom))]
mod loom_models;
pub mod p2c;
mod pick;
mod service;
mod stock;

pub use discover::{Change, Discover, ServiceList};
pub use ejection::Ejection;
pub use endpoints::{EndpointStatus, Endpoints};
pub use error::{BalanceError, NoEndpoints};
pub use future::ResponseFuture;
pub use load::Load;
pub(crate) use load::{Look, Meter};
pub use pick::{Candidates, ConsistentHash, LeastLoaded, P2c, Picker, RoundRobin, WeightedRandom};
pub use service::Balance;
