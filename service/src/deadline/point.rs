//! The point in time.

use std::cell::Cell;
use std::time::Duration;

use super::Scope;
use crate::clock::Instant;

thread_local! {
    /// The deadline of what this thread does just now.
    static CURRENT: Cell<Option<Deadline>> = const { Cell::new(None) };
}

/// When an answer comes too late.
///
/// The earlier of two is the smaller, so `min` picks the one that binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline(Instant);

impl Deadline {
    /// The point that lies `duration` ahead, or one so far away that it never comes.
    #[must_use]
    pub fn after(duration: Duration) -> Self {
        const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);
        let now = Instant::now();
        Self(now.checked_add(duration).or_else(|| now.checked_add(FAR)).unwrap_or(now))
    }

    /// This point of the runtime's clock.
    #[must_use]
    pub const fn at(instant: Instant) -> Self {
        Self(instant)
    }

    /// The point of the runtime's clock.
    #[must_use]
    pub const fn instant(self) -> Instant {
        self.0
    }

    /// The deadline of the call this code is part of, if it has one.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.get()
    }

    /// How much time is left; zero once it has passed.
    #[must_use]
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    #[must_use]
    pub fn is_expired(self) -> bool {
        self.0 <= Instant::now()
    }

    /// Makes this the deadline of everything `future` does, unless an earlier one binds already.
    ///
    /// It tells; it does not end the future. That is what [`DeadlineLayer`](super::DeadlineLayer) is for.
    pub const fn scope<F>(self, future: F) -> Scope<F> {
        Scope::new(self, future)
    }

    /// Makes this the deadline while `function` runs, unless an earlier one binds already.
    pub fn sync_scope<T>(self, function: impl FnOnce() -> T) -> T {
        let outer = CURRENT.get();
        let binding = outer.map_or(self, |outer| outer.min(self));
        Self::exactly(Some(binding), function)
    }

    /// Makes `deadline` the current one while `function` runs, whatever binds outside: for work that is done in place of
    /// somebody else.
    pub(crate) fn exactly<T>(deadline: Option<Self>, function: impl FnOnce() -> T) -> T {
        let _restore = Restore(CURRENT.replace(deadline));
        function()
    }
}

/// Puts the outer deadline back, also when the code inside panics.
struct Restore(Option<Deadline>);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}
