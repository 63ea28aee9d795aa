#![doc = include_str!("adaptive.md")]

mod aimd;
mod algorithm;
mod controller;
mod gradient2;
mod layer;
mod measured;
mod vegas;

pub use aimd::Aimd;
pub use algorithm::{Algorithm, Window};
pub use gradient2::Gradient2;
pub use layer::AdaptiveLimitLayer;
pub use measured::{Measured, MeasuredFuture};
pub use vegas::Vegas;
