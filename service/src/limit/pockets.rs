//! Permits that threads keep to themselves for their next calls.
//!
//! A thread that finds a permit in its own pocket shares no line of the cache with others. There are pockets where calls
//! of several threads meet at one word; see [`permits`](super::permits) for when they open and close.
//!
//! Invariants
//! 1. A permit in a pocket is one of those the semaphore's word counts.
//! 2. A closed pocket is zero: it holds no permit and has room for none, so neither taking nor putting changes it.
//! 3. A pocket is opened and closed with the lock of the semaphore's queue held, and opened only when it is closed.

use std::sync::OnceLock;

use crate::shim::{AtomicU64, Ordering};
use crate::stripe::{STRIPES, Stripe, Stripes};

/// Permits in the lower half of a word, and in the upper half how many more there is room for.
#[derive(Debug)]
pub(super) struct Pockets {
    words: Stripes<AtomicU64>,
}

const ROOM: u64 = 1 << 32;
/// One permit out of a pocket, and room for it.
const OUT: u64 = ROOM - 1;
const CLOSED: u64 = 0;

/// Room of a pocket at most: what a thread's calls under way come and go by, and little enough to be forgone.
const ROOM_MAX: u64 = 64;

const fn permits(word: u64) -> u64 {
    word % ROOM
}

/// Pockets to be made when they are first opened: most limits are never met at by two threads at once.
#[cfg(not(loom))]
pub(super) const fn unmade() -> OnceLock<Box<Pockets>> {
    OnceLock::new()
}

/// A model does not see that the lock orders their making before their use.
#[cfg(loom)]
pub(super) fn unmade() -> OnceLock<Box<Pockets>> {
    OnceLock::from(Box::new(Pockets::new()))
}

impl Pockets {
    pub(super) fn new() -> Self {
        Self { words: Stripes::new(|| AtomicU64::new(CLOSED)) }
    }

    /// Takes a permit out of the pocket of this thread.
    #[inline]
    pub(super) fn take(&self) -> bool {
        let pocket = self.words.of(Stripe::own());
        let mut word = pocket.load(Ordering::Relaxed);
        while permits(word) > 0 {
            // ORDERING: Acquire, the call that begins sees what the one that left the permit did. Pairs with [pocket.put].
            match pocket.compare_exchange_weak(word, word + OUT, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(current) => word = current,
            }
        }
        false
    }

    /// Puts a permit into the pocket of this thread, if there is room.
    #[inline]
    pub(super) fn put(&self) -> bool {
        let pocket = self.words.of(Stripe::own());
        let mut word = pocket.load(Ordering::Relaxed);
        while word >= ROOM {
            // ORDERING: Release, publishes what the call did. [pocket.put]
            match pocket.compare_exchange_weak(word, word - OUT, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(current) => word = current,
            }
        }
        false
    }

    /// Opens all pockets, with room for half of `limit` together, or for one permit each.
    pub(super) fn open(&self, limit: u64) {
        let room = (limit / (2 * STRIPES as u64)).clamp(1, ROOM_MAX);
        self.words.all().for_each(|pocket| pocket.store(room * ROOM, Ordering::Relaxed));
    }

    /// Closes all pockets, and returns how many permits were in them.
    pub(super) fn close(&self) -> u64 {
        // ORDERING: Acquire, what the calls did that left the permits is handed on with them. Pairs with [pocket.put].
        self.words.all().map(|pocket| permits(pocket.swap(CLOSED, Ordering::Acquire))).sum()
    }

    /// How many permits are in pockets.
    pub(super) fn permits(&self) -> u64 {
        self.words.all().map(|pocket| permits(pocket.load(Ordering::Relaxed))).sum()
    }
}
