//! One deadline per connection, re-armed lazily.
//!
//! A connection waits for many things in its life, but for one at a time. It moves the one timer it has each time
//! it must wait; moving it later costs nothing, since a timer that fires early is simply set again.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use minato_runtime::time::{Sleep, sleep_until};

pub(crate) use minato_runtime::time::Instant;

/// A timer for whatever its owner waits for now.
#[derive(Debug, Default)]
pub(crate) struct Deadline {
    sleep: Option<Sleep>,
}

impl Deadline {
    /// Whether it was ever polled with an instant.
    pub(crate) fn is_set(&self) -> bool {
        self.sleep.is_some()
    }

    /// Ready once `at` has passed; `None` never passes.
    pub(crate) fn poll(&mut self, at: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = at else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| sleep_until(at));
        if sleep.deadline() != at {
            sleep.reset(at);
        }
        Pin::new(sleep).poll(cx)
    }
}
