//! Ticks at a steady pace.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::{Instant, Sleep, sleep_until};

/// Ticks every `period`, the first time at once.
///
/// # Panics
///
/// If `period` is zero.
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    interval_at(Instant::now(), period)
}

/// Ticks every `period`, the first time at `start`.
///
/// # Panics
///
/// If `period` is zero.
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(!period.is_zero(), "the period of an interval must not be zero");
    Interval { timer: sleep_until(start), period, missed: MissedTickBehavior::Burst }
}

/// What an [`Interval`] does about ticks that nobody waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MissedTickBehavior {
    /// They come one after the other, at once, until the schedule is met again.
    #[default]
    Burst,
    /// The schedule starts anew from the late tick.
    Delay,
    /// They are left out; the next tick is the next one of the schedule.
    Skip,
}

impl MissedTickBehavior {
    fn next(self, due: Instant, now: Instant, period: Duration) -> Instant {
        match self {
            Self::Burst => due + period,
            Self::Delay => now + period,
            Self::Skip => {
                let late = now.duration_since(due).as_nanos() % period.as_nanos();
                now + period - Duration::from_nanos(u64::try_from(late).unwrap_or(0))
            }
        }
    }
}

/// A steady pace; made by [`interval`].
#[derive(Debug)]
pub struct Interval {
    timer: Sleep,
    period: Duration,
    missed: MissedTickBehavior,
}

impl Interval {
    /// Waits for the next tick, and returns when it was due.
    ///
    /// # Cancel safety
    ///
    /// A tick is taken only when this returns.
    pub async fn tick(&mut self) -> Instant {
        poll_fn(|cx| self.poll_tick(cx)).await
    }

    /// Waits for the next tick; see [`tick`](Self::tick).
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        ready!(self.timer.poll_elapsed(cx));
        let due = self.timer.deadline();
        let now = Instant::now();
        // A timer is always a little late; only more than a few milliseconds of lateness is a missed tick.
        let next = if now > due + Duration::from_millis(5) {
            self.missed.next(due, now, self.period)
        } else {
            due + self.period
        };
        self.timer.reset(next);
        Poll::Ready(due)
    }

    /// Starts the schedule anew: the next tick comes one period from now.
    pub fn reset(&mut self) {
        self.timer.reset(Instant::now() + self.period);
    }

    /// Ticks at once, and one period later again.
    pub fn reset_immediately(&mut self) {
        self.timer.reset(Instant::now());
    }

    /// Starts the schedule anew: the next tick comes after `duration`.
    pub fn reset_after(&mut self, duration: Duration) {
        self.timer.reset(Instant::now() + duration);
    }

    /// Starts the schedule anew: the next tick comes at `deadline`.
    pub fn reset_at(&mut self, deadline: Instant) {
        self.timer.reset(deadline);
    }

    /// What happens to ticks that nobody waited for.
    #[must_use]
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed
    }

    /// Says what happens to ticks that nobody waited for.
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed = behavior;
    }

    /// The time between ticks.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }
}
