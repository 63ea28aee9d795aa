//! Trace context out: the fields of requests made on behalf of another.

mod layer;
mod service;

pub use self::layer::PropagateLayer;
pub use self::service::Propagate;
