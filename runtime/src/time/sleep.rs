//! Waiting for a point in time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::Instant;
use super::clock::Nanos;
use super::foreign::ForeignTimer;
use super::wheel::Key;
use crate::scheduler::{self, SharedRef};
use crate::task::{WaitSite, coop};

/// Waits for `duration`, as the clock of the runtime tells it.
///
/// Never returns early; late by up to a millisecond, more if the worker is busy. A zero duration is ready at the
/// first poll.
///
/// # Panics
///
/// The future panics when it must wait and is polled outside a runtime, or in one that has shut down.
///
/// # Cancel safety
///
/// Dropping it cancels the timer; nothing else is lost.
///
/// ```
/// # use std::time::Duration;
/// # let rt = minato_runtime::runtime::Builder::new_current_thread().start_paused(true).build().unwrap();
/// # rt.block_on(async {
/// use minato_runtime::time::{Instant, sleep};
/// let start = Instant::now();
/// sleep(Duration::from_secs(3600)).await;
/// assert!(start.elapsed() >= Duration::from_secs(3600));
/// # });
/// ```
pub fn sleep(duration: Duration) -> Sleep {
    if duration.is_zero() {
        return Sleep { deadline: Nanos(0), timer: Timer::Idle };
    }
    Sleep { deadline: scheduler::now().after(duration), timer: Timer::Idle }
}

/// Waits until `deadline`; see [`sleep`].
///
/// # Panics
///
/// As [`sleep`].
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep { deadline: Nanos::of(deadline.into_std()), timer: Timer::Idle }
}

/// The future of [`sleep`]. It takes part in a wheel from its first pending poll on, and may be moved at any time.
#[must_use = "futures do nothing unless polled"]
pub struct Sleep {
    deadline: Nanos,
    timer: Timer,
}

enum Timer {
    /// In no wheel.
    Idle,
    /// In the wheel of a worker.
    Wheel { runtime: SharedRef, worker: u16, key: Key },
    /// Polled on a thread that is no worker; in the wheel of one on behalf of this thread.
    Foreign(Arc<ForeignTimer>),
}

impl Sleep {
    /// The point waited for.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline.into()
    }

    /// Whether that point has passed.
    #[must_use]
    pub fn is_elapsed(&self) -> bool {
        scheduler::now() >= self.deadline
    }

    /// Waits for another point, also after the first one has passed.
    ///
    /// The task must poll the future again to be woken then. Moving the deadline back costs nothing before the
    /// timer would have fired: the poll that follows finds that there is more to wait for.
    pub fn reset(&mut self, deadline: Instant) {
        self.reset_to(Nanos::of(deadline.into_std()));
    }

    fn reset_to(&mut self, deadline: Nanos) {
        if deadline < self.deadline || matches!(self.timer, Timer::Idle) {
            self.disarm();
        }
        self.deadline = deadline;
    }

    /// Waits for `duration` from now; see [`reset`](Self::reset).
    #[cfg(feature = "stream")]
    pub(crate) fn reset_after(&mut self, duration: Duration) {
        self.reset_to(scheduler::now().after(duration));
    }

    /// Waits; the same as polling the future.
    #[inline]
    pub fn poll_elapsed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // Most timers are polled long before their time, so the tick that the wheel stands at is enough to know; one
        // that came due since fires at the next turn.
        if matches!(self.timer, Timer::Idle) && self.deadline.0 != 0 && self.arm(cx) {
            return WaitSite::Sleep.pending();
        }
        self.poll_again(cx)
    }

    /// Polls a timer that is armed, or due, or waits on a thread that is no worker.
    #[inline(never)]
    fn poll_again(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_waiting(cx) {
            return WaitSite::Sleep.pending();
        }
        ready!(coop::poll_proceed(cx)).made_progress();
        Poll::Ready(())
    }

    fn is_waiting(&mut self, cx: &mut Context<'_>) -> bool {
        match &self.timer {
            // Armed here and not fired, for a deadline that is at least as early: nothing to be asked of the clock.
            Timer::Wheel { runtime, worker, key }
                if scheduler::update_timer(runtime, *worker, *key, cx.waker()) =>
            {
                return true;
            }
            Timer::Foreign(timer) if timer.wait(cx.waker()) => return true,
            _ => {}
        }
        if scheduler::now() >= self.deadline {
            self.disarm();
            return false;
        }
        self.disarm();
        if !self.arm(cx) {
            self.timer = Timer::Foreign(ForeignTimer::start(self.deadline, cx.waker()));
        }
        true
    }

    /// Enters an idle timer into the wheel of the worker that runs. False if there is none, or its wheel is past
    /// the deadline.
    #[inline(never)]
    fn arm(&mut self, cx: &Context<'_>) -> bool {
        let Some((runtime, worker, key)) = scheduler::insert_timer(self.deadline, cx.waker()) else {
            return false;
        };
        let before = std::mem::replace(&mut self.timer, Timer::Wheel { runtime, worker, key });
        debug_assert!(matches!(before, Timer::Idle));
        // Said to the compiler, which would look what there is to drop.
        std::mem::forget(before);
        true
    }

    #[inline]
    fn disarm(&mut self) {
        if !matches!(self.timer, Timer::Idle) {
            self.disarm_armed();
        }
    }

    #[inline(never)]
    fn disarm_armed(&mut self) {
        match std::mem::replace(&mut self.timer, Timer::Idle) {
            Timer::Idle => {}
            Timer::Wheel { runtime, worker, key } => scheduler::cancel_timer(runtime, worker, key),
            Timer::Foreign(timer) => timer.cancel(),
        }
    }
}

impl Future for Sleep {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_elapsed(cx)
    }
}

impl Drop for Sleep {
    #[inline]
    fn drop(&mut self) {
        self.disarm();
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").field("deadline", &self.deadline()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_is_small_and_may_go_anywhere() {
        fn anywhere<T: Send + Sync + Unpin>() {}
        anywhere::<Sleep>();
        assert!(size_of::<Sleep>() <= 32, "{}", size_of::<Sleep>());
    }
}
