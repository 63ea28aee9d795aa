//! What a limit does when it is reached.

use std::time::Duration;

use crate::limits::WAITERS_MAX;

/// Not ready until there is room: what tower's limits do.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Backpressure;

/// Ready at all times; a call there is no room for is refused.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Reject;

/// Ready at all times; a call there is no room for waits, within bounds, and is then refused.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Wait {
    /// How long a call may wait; `None`, the default, leaves that to the caller's own timeout.
    pub duration_max: Option<Duration>,
    /// How many calls may wait at once; 1024 by default.
    pub waiters_max: usize,
}

impl Wait {
    /// Waits without a time bound, as one of at most 1024.
    #[must_use]
    pub const fn new() -> Self {
        Self { duration_max: None, waiters_max: WAITERS_MAX }
    }

    /// Waits for at most `duration`.
    #[must_use]
    pub const fn at_most(duration: Duration) -> Self {
        Self { duration_max: Some(duration), waiters_max: WAITERS_MAX }
    }

    /// Lets at most `waiters` calls wait at once.
    #[must_use]
    pub const fn waiters(self, waiters: usize) -> Self {
        Self { waiters_max: waiters, ..self }
    }
}

impl Default for Wait {
    fn default() -> Self {
        Self::new()
    }
}
