//! Time, from the runtime. The only file of this crate that knows it.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use minato_runtime::time::{Sleep, sleep};

pub(crate) use minato_runtime::time::Instant;

/// A timer that does not exist, and reads no clock, until the first time somebody has to wait for it.
#[derive(Debug)]
pub(crate) struct Timer {
    duration: Duration,
    sleep: Option<Sleep>,
}

impl Timer {
    pub(crate) const fn new(duration: Duration) -> Self {
        Self { duration, sleep: None }
    }

    /// Ready once the duration has passed since the first poll.
    pub(crate) fn poll_elapsed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.sleep.get_or_insert_with(|| sleep(self.duration));
        Pin::new(sleep).poll(cx)
    }
}
