//! Trying again.
//!
//! [`Retry`] asks a [`Policy`] after each attempt. The trait is tower's in shape. [`StandardPolicy`] is the one most
//! callers want: a classifier that says which outcomes deserve another attempt, a [`Backoff`] between attempts, and a
//! [`RetryBudget`] so that retries stay a fraction of the traffic.

mod backoff;
mod budget;
mod future;
mod layer;
mod policy;
mod service;
mod standard;

pub use backoff::{Backoff, Delays, Jitter};
pub use budget::RetryBudget;
pub use future::ResponseFuture;
pub use layer::RetryLayer;
pub use policy::Policy;
pub use service::Retry;
pub use standard::{Delay, StandardPolicy};
