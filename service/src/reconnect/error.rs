//! How a call of a service that is made again fails.

use std::fmt;

use crate::BoxError;

/// The error of a [`Reconnect`](super::Reconnect).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReconnectError<M, E> {
    /// The service could not be made, and nobody has seen the request.
    Connect(M),
    /// The service failed.
    Inner(E),
}

impl<M, E> ReconnectError<M, E> {
    /// Whether the service could not be made, so that nobody has seen the request.
    pub fn is_connect(&self) -> bool {
        matches!(self, Self::Connect(_))
    }
}

impl<M: fmt::Display, E: fmt::Display> fmt::Display for ReconnectError<M, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(error) => error.fmt(f),
            Self::Inner(error) => error.fmt(f),
        }
    }
}

impl<M: Into<BoxError>, E: Into<BoxError>> From<ReconnectError<M, E>> for BoxError {
    fn from(error: ReconnectError<M, E>) -> Self {
        match error {
            ReconnectError::Connect(error) => error.into(),
            ReconnectError::Inner(error) => error.into(),
        }
    }
}
