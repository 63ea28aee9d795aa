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
    /// The id that this thread gave out last; as it begins, the end of a block.
    static LAST: Cell<u64> = const { Cell::new(BLOCK - 1) };
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
    #[inline]
    pub(crate) fn next() -> Self {
        let next = LAST.get() + 1;
        if next.is_multiple_of(BLOCK) {
            return Self::next_of_block();
        }
        LAST.set(next);
        Self::from_number(next)
    }

    /// The first id of another block. Its zeroth number is nobody's: it marks the end of the block before.
    #[cold]
    fn next_of_block() -> Self {
        let first = NEXT_BLOCK.fetch_add(BLOCK, Ordering::Relaxed) + 1;
        LAST.set(first);
        Self::from_number(first)
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
