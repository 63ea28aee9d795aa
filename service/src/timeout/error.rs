//! How a call with a time bound fails.

use std::fmt;

use crate::error::{Refusal, Rejection, RejectionKind, layer_error};

/// The call took longer than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Elapsed(());

impl Elapsed {
    /// The error itself, for services that keep time on their own.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("request timed out")
    }
}

impl std::error::Error for Elapsed {}

impl Refusal for Elapsed {
    fn rejection(&self) -> Rejection {
        Rejection::new(RejectionKind::Timeout, None)
    }
}

layer_error! {
    /// The error of a [`Timeout`](super::Timeout).
    TimeoutError {
        /// The call took longer than it may, and was dropped.
        Elapsed(Elapsed),
        is_elapsed: /// Whether the call took longer than it may.
    }
}
