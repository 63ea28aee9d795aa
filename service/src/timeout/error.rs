//! How a call with a time bound fails.

use std::fmt;

use crate::BoxError;

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

/// The error of a [`Timeout`](super::Timeout).
///
/// It converts into [`BoxError`] for every inner error that does, and the conversion unwraps: what a caller downcasts
/// to is [`Elapsed`] or the inner error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeoutError<E> {
    /// The call took longer than it may, and was dropped.
    Elapsed(Elapsed),
    /// The inner service failed.
    Inner(E),
}

impl<E> TimeoutError<E> {
    /// Whether the call took longer than it may.
    pub fn is_elapsed(&self) -> bool {
        matches!(self, Self::Elapsed(_))
    }
}

impl<E: fmt::Display> fmt::Display for TimeoutError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elapsed(elapsed) => elapsed.fmt(f),
            Self::Inner(error) => error.fmt(f),
        }
    }
}

impl<E> From<E> for TimeoutError<E> {
    fn from(error: E) -> Self {
        Self::Inner(error)
    }
}

impl<E: Into<BoxError>> From<TimeoutError<E>> for BoxError {
    fn from(error: TimeoutError<E>) -> Self {
        match error {
            TimeoutError::Elapsed(elapsed) => elapsed.into(),
            TimeoutError::Inner(error) => error.into(),
        }
    }
}
