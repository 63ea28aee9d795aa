//! How a call of a service fails that does not become ready.

use std::fmt;
use std::time::Duration;

use crate::error::{Refusal, Rejection, RejectionKind, layer_error};

/// The service inside has not been ready for longer than callers wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Unready {
    /// How long it has not been ready.
    pub since: Duration,
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "service not ready for {:?}", self.since)
    }
}

impl std::error::Error for Unready {}

impl Refusal for Unready {
    fn rejection(&self) -> Rejection {
        Rejection::new(RejectionKind::Unavailable, None)
    }
}

layer_error! {
    /// The error of a [`FailFast`](super::FailFast).
    FailFastError {
        /// The inner service has not been ready for too long, and has not seen the call.
        Unready(Unready),
        is_unready: /// Whether the inner service was not ready for too long.
    }
}
