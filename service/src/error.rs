//! Errors shared by the middleware.
//!
//! The wrappers keep the inner error's type. They do not implement `Error` themselves: that is what allows their
//! conversion into [`BoxError`] for every inner error, a `BoxError` included, and the conversion unwraps, so that a
//! caller downcasts to [`Overloaded`] or to the inner error and never to a wrapper.

use std::fmt;
use std::time::Duration;

/// The erased error of the tower ecosystem.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The service refused a request because it has enough to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Overloaded {
    /// How long the caller should wait before it tries again, where that is known.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for Overloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("service overloaded")
    }
}

impl std::error::Error for Overloaded {}

/// The error of middleware that may refuse a request: [`LoadShed`](crate::load_shed::LoadShed) and the limits that
/// do not wait for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OverloadError<E> {
    /// The request was refused and the inner service has not seen it.
    Overloaded(Overloaded),
    /// The inner service failed.
    Inner(E),
}

impl<E> OverloadError<E> {
    /// Whether the request was refused.
    pub fn is_overloaded(&self) -> bool {
        matches!(self, Self::Overloaded(_))
    }
}

impl<E: fmt::Display> fmt::Display for OverloadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overloaded(overloaded) => overloaded.fmt(f),
            Self::Inner(error) => error.fmt(f),
        }
    }
}

impl<E> From<E> for OverloadError<E> {
    fn from(error: E) -> Self {
        Self::Inner(error)
    }
}

impl<E: Into<BoxError>> From<OverloadError<E>> for BoxError {
    fn from(error: OverloadError<E>) -> Self {
        match error {
            OverloadError::Overloaded(overloaded) => overloaded.into(),
            OverloadError::Inner(error) => error.into(),
        }
    }
}
