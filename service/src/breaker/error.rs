//! How a breaker refuses.

use std::fmt;
use std::time::Duration;

use crate::error::{Refusal, Rejection, RejectionKind, layer_error};

/// The breaker is open: the callee has failed too often of late to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CircuitOpen {
    /// How long until probes are let through; none where that is up to an operator.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for CircuitOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("circuit breaker open")
    }
}

impl std::error::Error for CircuitOpen {}

impl Refusal for CircuitOpen {
    fn rejection(&self) -> Rejection {
        Rejection::new(RejectionKind::Unavailable, self.retry_after)
    }
}

layer_error! {
    /// The error of a [`Breaker`](super::Breaker).
    BreakerError {
        /// The call was refused, and the inner service has not seen it.
        Open(CircuitOpen),
        is_open: /// Whether the call was refused.
    }
}
