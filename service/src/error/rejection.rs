//! The questions every caller asks of a refusal.

use std::error::Error;
use std::time::Duration;

use super::{Overloaded, TaskLost};
use crate::balance::NoEndpoints;
use crate::breaker::CircuitOpen;
use crate::catch_panic::Panicked;
use crate::fail_fast::Unready;
use crate::steer::NoSuchService;
use crate::timeout::Elapsed;

/// A refusal, whichever middleware made it.
///
/// ```
/// use std::time::Duration;
/// use minato_service::error::{OverloadReason, Overloaded, Rejection};
/// use minato_service::{BoxError, OverloadError};
///
/// let refused = Overloaded::because(OverloadReason::Rate).retry_after(Duration::from_secs(1));
/// let error = BoxError::from(OverloadError::<BoxError>::Overloaded(refused));
/// let rejection = Rejection::of(&*error).expect("a refusal");
/// assert!(rejection.is_rate_limited() && rejection.is_retry_safe());
/// assert_eq!(rejection.retry_after(), Some(Duration::from_secs(1)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejection {
    kind: RejectionKind,
    retry_after: Option<Duration>,
}

/// What a [`Rejection`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RejectionKind {
    /// Time ran out while the inner service was at work.
    Timeout,
    /// There was no capacity.
    Overload,
    /// The caller asked too often.
    RateLimit,
    /// Nobody is there who could answer.
    Unavailable,
    /// The service broke while it was at work.
    Broken,
}

/// The refusal of a middleware: an error type of its own that can be seen as a [`Rejection`].
pub trait Refusal: Error {
    /// What all callers want to know about it.
    fn rejection(&self) -> Rejection;
}

impl Rejection {
    pub(crate) const fn new(kind: RejectionKind, retry_after: Option<Duration>) -> Self {
        Self { kind, retry_after }
    }

    /// Finds the refusal in an error or its sources.
    #[must_use]
    pub fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            let found = refusal::<Overloaded>(error)
                .or_else(|| refusal::<Elapsed>(error))
                .or_else(|| refusal::<CircuitOpen>(error))
                .or_else(|| refusal::<NoEndpoints>(error))
                .or_else(|| refusal::<NoSuchService>(error))
                .or_else(|| refusal::<Unready>(error))
                .or_else(|| refusal::<Panicked>(error))
                .or_else(|| refusal::<TaskLost>(error));
            if found.is_some() {
                return found;
            }
            next = error.source();
        }
        None
    }

    /// What the rejection is about.
    #[must_use]
    pub const fn kind(&self) -> RejectionKind {
        self.kind
    }

    /// Whether time ran out.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self.kind, RejectionKind::Timeout)
    }

    /// Whether there was no capacity, or too much was asked for.
    #[must_use]
    pub const fn is_overload(&self) -> bool {
        matches!(self.kind, RejectionKind::Overload | RejectionKind::RateLimit)
    }

    /// Whether the caller asked too often.
    #[must_use]
    pub const fn is_rate_limited(&self) -> bool {
        matches!(self.kind, RejectionKind::RateLimit)
    }

    /// Whether nobody was there who could answer.
    #[must_use]
    pub const fn is_unavailable(&self) -> bool {
        matches!(self.kind, RejectionKind::Unavailable)
    }

    /// Whether the inner service cannot have acted on the request, so that another try does nothing twice.
    #[must_use]
    pub const fn is_retry_safe(&self) -> bool {
        !matches!(self.kind, RejectionKind::Timeout | RejectionKind::Broken)
    }

    /// How long to wait before another try, where that is known.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

fn refusal<R: Refusal + 'static>(error: &(dyn Error + 'static)) -> Option<Rejection> {
    error.downcast_ref::<R>().map(R::rejection)
}
