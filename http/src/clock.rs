//! One deadline per connection, re-armed lazily.
//!
//! A connection waits for many things in its life, but for one at a time. It moves the one timer it has each time
//! it must wait, and only if that is earlier: a timer that fires too early is simply set again.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use minato_runtime::time::{Sleep, sleep_until};

pub(crate) use minato_runtime::time::Instant;

/// A timer for whatever its owner waits for now.
#[derive(Debug, Default)]
pub(crate) struct Deadline {
    sleep: Option<Sleep>,
    /// What the timer is set to, which may be earlier than what is waited for.
    set_to: Option<Instant>,
    /// The timer will wake the task that asked last.
    is_armed: bool,
}

impl Deadline {
    /// Whether it was ever polled with an instant.
    pub(crate) fn is_set(&self) -> bool {
        self.sleep.is_some()
    }

    /// Takes note that another waker is to be woken from now on.
    pub(crate) fn waker_changed(&mut self) {
        self.is_armed = false;
    }

    /// As [`poll`](Self::poll), of a task that says so when its [waker changes](Self::waker_changed), and that knows what
    /// time it is: a timer that is yet to fire, and no later than `at`, is left alone.
    #[inline]
    pub(crate) fn poll_at(&mut self, now: Instant, at: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let (Some(at), Some(set_to)) = (at, self.set_to) else { return self.poll(at, cx) };
        if self.is_armed && now < set_to && set_to <= at {
            return Poll::Pending;
        }
        self.poll(Some(at), cx)
    }

    /// Ready once `at` has passed; `None` never passes.
    pub(crate) fn poll(&mut self, at: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = at else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| sleep_until(at));
        let mut set_to = *self.set_to.get_or_insert(at);
        loop {
            if set_to > at {
                sleep.reset(at);
                (set_to, self.set_to) = (at, Some(at));
            }
            let is_over = Pin::new(&mut *sleep).poll(cx);
            self.is_armed = is_over.is_pending();
            ready!(is_over);
            if set_to == at {
                return Poll::Ready(());
            }
            // It was set to an earlier point, at which there is time to set it to this one.
            sleep.reset(at);
            (set_to, self.set_to) = (at, Some(at));
        }
    }
}
