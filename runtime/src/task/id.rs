//! Task ids.

use std::cell::Cell;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

use super::current;

/// Names a task among all those that are alive in this process.
///
/// Ids are never reused, and say nothing about order. Only those of
/// [simulated](crate::runtime::Builder::new_simulated) runtimes count from one in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(NonZeroU64);

/// Ids a worker takes at a time, so that spawning does not share a counter.
const BLOCK: u64 = 1024;

static NEXT_BLOCK: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static IDS: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

impl Id {
    /// The number itself; never zero.
    pub(crate) fn get(self) -> u64 {
        self.0.get()
    }

    /// The id with this number; none for zero.
    pub(crate) fn of(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// The id with this number, which is not zero.
    pub(crate) fn from_number(number: u64) -> Self {
        Self(NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN))
    }

    /// A fresh id, from the block of this thread.
    pub(crate) fn next() -> Self {
        let (mut next, mut end) = IDS.get();
        if next == end {
            next = NEXT_BLOCK.fetch_add(BLOCK, Ordering::Relaxed);
            end = next + BLOCK;
        }
        IDS.set((next + 1, end));
        Self(NonZeroU64::MIN.saturating_add(next))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of the task that runs, if this is inside one.
#[must_use]
pub fn try_id() -> Option<Id> {
    current::with(|task| task.map(|task| task.id))
}

/// The id of the task that runs.
///
/// # Panics
///
/// Outside a task. The future of `block_on` is not a task.
#[must_use]
#[track_caller]
pub fn id() -> Id {
    match try_id() {
        Some(id) => id,
        None => panic!("task::id() called outside a task; the future given to block_on is not one"),
    }
}
