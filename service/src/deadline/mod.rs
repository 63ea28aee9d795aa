#![doc = include_str!("deadline.md")]

mod inherit;
mod layer;
mod point;
mod scope;
mod service;
mod source;

pub use inherit::{InheritDeadline, InheritDeadlineLayer};
pub use layer::DeadlineLayer;
pub use point::Deadline;
pub use scope::Scope;
pub use service::{Deadlined, ResponseFuture};
pub use source::{CarriesDeadline, DeadlineSource, FromRequest};
