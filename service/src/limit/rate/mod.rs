//! A bound on the calls in a span of time.
//!
//! The limit is a generic cell rate algorithm: `num` calls may come at once, and they are earned back evenly over
//! `per`. Its whole state is one word, shared by all clones.

mod gcra;
mod layer;
mod service;

pub use layer::RateLimitLayer;
pub use service::RateLimit;
