//! How steering fails.

use std::fmt;

use crate::error::{Refusal, Rejection, RejectionKind, layer_error};

/// The function picked a service that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoSuchService {
    /// What it picked.
    pub index: usize,
    /// How many services there are.
    pub len: usize,
}

impl fmt::Display for NoSuchService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "service {} was picked of {}", self.index, self.len)
    }
}

impl std::error::Error for NoSuchService {}

impl Refusal for NoSuchService {
    fn rejection(&self) -> Rejection {
        Rejection::new(RejectionKind::Unavailable, None)
    }
}

layer_error! {
    /// The error of a [`Steer`](super::Steer).
    SteerError {
        /// The function picked a service that is not there.
        NoSuchService(NoSuchService),
        is_no_such_service: /// Whether the function picked a service that is not there.
    }
}
