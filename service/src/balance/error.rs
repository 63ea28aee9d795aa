//! How balancing fails.

use std::fmt;

use crate::error::{Refusal, Rejection, RejectionKind, layer_error};

/// There is no instance that could be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct NoEndpoints;

impl fmt::Display for NoEndpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no endpoints")
    }
}

impl std::error::Error for NoEndpoints {}

impl Refusal for NoEndpoints {
    fn rejection(&self) -> Rejection {
        Rejection::new(RejectionKind::Unavailable, None)
    }
}

layer_error! {
    /// The error of a [`Balance`](super::Balance).
    BalanceError {
        /// There is no instance that could be asked.
        NoEndpoints(NoEndpoints),
        is_no_endpoints: /// Whether there was no instance that could be asked.
    }
}
