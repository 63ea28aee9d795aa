//! What a shutdown came to.

use std::process::{ExitCode, Termination};
use std::time::Duration;

/// How long connections may take to finish when the server shuts down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drain {
    pub(super) within: Duration,
}

impl Drain {
    /// Waits this long for requests that have begun, then cuts their connections.
    #[must_use]
    pub const fn within(within: Duration) -> Self {
        Self { within }
    }
}

/// What became of the connections that were open when the server began to shut down.
///
/// It can be returned from `main`, where it means success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
#[must_use = "it tells how many connections were cut"]
pub struct Report {
    /// Connections that finished what had begun.
    pub drained: usize,
    /// Connections that were cut when the time was up.
    pub cut: usize,
}

impl Termination for Report {
    fn report(self) -> ExitCode {
        ExitCode::SUCCESS
    }
}
