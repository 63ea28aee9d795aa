//! What a limit does when it is reached.

use std::fmt;
use std::time::Duration;

use super::queue::Entry;
use crate::limits::WAITERS_MAX;

mod sealed {
    pub trait Sealed {}
}

/// What a limit does when it is reached: [`Backpressure`], [`Reject`], [`Wait`] or [`Prioritized`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no mode of a limit",
    note = "modes are `Backpressure`, `Reject`, `Wait` and, made by `Wait::by_priority`, `Prioritized`"
)]
pub trait Mode: sealed::Sealed {
    /// Refuses what contradicts itself.
    #[doc(hidden)]
    fn check(&self) {}
}

impl sealed::Sealed for Backpressure {}
impl sealed::Sealed for Reject {}
impl sealed::Sealed for Wait {}
impl<P> sealed::Sealed for Prioritized<P> {}

impl Mode for Backpressure {}
impl Mode for Reject {}

impl Mode for Wait {
    fn check(&self) {
        assert!(self.waiters_max > 0, "`waiters_max` is zero: nobody could wait, as with `Reject`");
        let is_zero = self.duration_max.is_some_and(|duration| duration.is_zero());
        assert!(!is_zero, "`duration_max` is zero: nobody could wait, as with `Reject`");
    }
}

impl<P> Mode for Prioritized<P> {
    fn check(&self) {
        self.wait.check();
    }
}

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
    /// How long calls may wait while the queue does not empty; not watched by default.
    pub queue_delay: Option<QueueDelay>,
}

impl Wait {
    /// Waits without a time bound, as one of at most 1024.
    #[must_use]
    pub const fn new() -> Self {
        Self { duration_max: None, waiters_max: WAITERS_MAX, queue_delay: None }
    }

    /// Waits for at most `duration`.
    #[must_use]
    pub const fn at_most(duration: Duration) -> Self {
        Self { duration_max: Some(duration), ..Self::new() }
    }

    /// Lets at most `waiters` calls wait at once.
    #[must_use]
    pub const fn waiters(self, waiters: usize) -> Self {
        Self { waiters_max: waiters, ..self }
    }

    /// Keeps the delay of the queue short.
    #[must_use]
    pub const fn queue_delay(self, delay: QueueDelay) -> Self {
        Self { queue_delay: Some(delay), ..self }
    }

    /// Lets important calls wait before, and instead of, others: `priority` tells the priority of a request.
    pub const fn by_priority<P>(self, priority: P) -> Prioritized<P> {
        Prioritized { wait: self, priority }
    }

    /// Refuses what contradicts itself, and what is not for rates.
    pub(super) fn check_for_rate(&self) {
        self.check();
        assert!(self.queue_delay.is_none(), "`queue_delay` is not for rates: the wait for a place is known");
    }

    pub(super) const fn entry(&self, priority: Priority) -> Entry {
        Entry { priority, waiters_max: self.waiters_max, delay: self.queue_delay, deadline: None }
    }
}

impl Default for Wait {
    fn default() -> Self {
        Self::new()
    }
}

/// As [`Wait`], with priorities; made by [`Wait::by_priority`].
///
/// Places go to the most important first. When as many wait as may, a more important newcomer takes the place of the
/// least important, which is refused.
#[derive(Clone, Copy)]
pub struct Prioritized<P> {
    pub(super) wait: Wait,
    pub(super) priority: P,
}

impl<P> fmt::Debug for Prioritized<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prioritized").field("wait", &self.wait).finish_non_exhaustive()
    }
}

/// How important a call is; the smaller, the more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(pub u8);

impl Priority {
    /// Users notice at once if it fails: to be served before everything else.
    pub const CRITICAL: Self = Self(0);
    /// The default.
    pub const NORMAL: Self = Self(64);
    /// Can be tried again later: batches, prefetching.
    pub const SHEDDABLE: Self = Self(192);
}

impl Default for Priority {
    fn default() -> Self {
        Self::NORMAL
    }
}

/// A bound on how long calls wait, after CoDel.
///
/// A queue that empties now and then takes up bursts, and a call may wait in it for up to the interval. A queue that
/// has not been empty for longer than the interval only adds delay: then no call waits longer than the target, and the
/// newest is served first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueDelay {
    pub(super) target: Duration,
    pub(super) interval: Duration,
}

impl QueueDelay {
    /// Waits of up to `interval` in bursts and up to `target` otherwise.
    ///
    /// # Panics
    ///
    /// If `target` is zero or `interval` is below it.
    #[must_use]
    pub const fn new(target: Duration, interval: Duration) -> Self {
        assert!(!target.is_zero(), "`target` is zero: nobody could wait");
        assert!(interval.as_nanos() >= target.as_nanos(), "`interval` is below `target`");
        Self { target, interval }
    }
}

impl Default for QueueDelay {
    /// 5 ms and 100 ms, as for network queues.
    fn default() -> Self {
        Self::new(Duration::from_millis(5), Duration::from_millis(100))
    }
}
