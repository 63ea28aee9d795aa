//! Refusals for want of capacity.

use std::fmt;
use std::time::Duration;

use super::{Refusal, Rejection, RejectionKind, layer_error};

/// The service refused a request because it has enough to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Overloaded {
    /// How long the caller should wait before it tries again, where that is known.
    pub retry_after: Option<Duration>,
    /// What there was too much of.
    pub reason: OverloadReason,
}

/// What there was too much of when a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OverloadReason {
    /// The inner service was not ready.
    #[default]
    NotReady,
    /// As many calls ran as may.
    Concurrency,
    /// As many calls waited as may.
    QueueFull,
    /// The call waited longer than it may, or than the queue's delay allows.
    QueueDelay,
    /// As many calls began as may in a span of time.
    Rate,
    /// The callee refused so much of late that asking it would only add to its load.
    Throttled,
    /// As many keys are being kept track of as may.
    Keys,
}

impl Overloaded {
    /// A refusal for this reason.
    #[must_use]
    pub const fn because(reason: OverloadReason) -> Self {
        Self { retry_after: None, reason }
    }

    /// The refusal, with the time after which another try makes sense.
    #[must_use]
    pub const fn retry_after(self, duration: Duration) -> Self {
        Self { retry_after: Some(duration), ..self }
    }
}

impl fmt::Display for Overloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.reason {
            OverloadReason::NotReady => "service overloaded",
            OverloadReason::Concurrency => "service overloaded: too many calls at once",
            OverloadReason::QueueFull => "service overloaded: too many calls waiting",
            OverloadReason::QueueDelay => "service overloaded: waited too long",
            OverloadReason::Rate => "rate limit exceeded",
            OverloadReason::Throttled => "service overloaded: throttled at the caller",
            OverloadReason::Keys => "service overloaded: too many keys",
        })
    }
}

impl std::error::Error for Overloaded {}

impl Refusal for Overloaded {
    fn rejection(&self) -> Rejection {
        let kind = match self.reason {
            OverloadReason::Rate => RejectionKind::RateLimit,
            _ => RejectionKind::Overload,
        };
        Rejection::new(kind, self.retry_after)
    }
}

layer_error! {
    /// The error of middleware that may refuse a request for want of capacity:
    /// [`LoadShed`](crate::load_shed::LoadShed) and the limits that do not wait for ever.
    OverloadError {
        /// The request was refused and the inner service has not seen it.
        Overloaded(Overloaded),
        is_overloaded: /// Whether the request was refused.
    }
}
