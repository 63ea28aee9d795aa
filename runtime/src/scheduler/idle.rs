//! Who could help.
//!
//! A worker that sleeps sets its bit. Waking another core costs about as much as two hundred atomic operations, so a
//! busy worker asks for help only when its queue is long enough that waiting would cost more, and only while nobody
//! is looking for work already.

use crate::shim::atomic::Ordering::{AcqRel, Relaxed};
use crate::shim::atomic::{AtomicU64, AtomicUsize};

#[derive(Debug)]
pub(super) struct Idle {
    sleeping: Box<[AtomicU64]>,
    /// Sleeping workers, and cores that no thread runs. Read on every push, written only around sleep.
    helpers: AtomicUsize,
    /// Workers that were called to help and have not yet found work or given up.
    searching: AtomicUsize,
}

impl Idle {
    pub(super) fn new(workers: usize) -> Self {
        Self {
            sleeping: (0..workers.div_ceil(64)).map(|_| AtomicU64::new(0)).collect(),
            helpers: AtomicUsize::new(0),
            searching: AtomicUsize::new(0),
        }
    }

    #[inline]
    pub(super) fn has_helpers(&self) -> bool {
        self.helpers.load(Relaxed) != 0
    }

    pub(super) fn has_searchers(&self) -> bool {
        self.searching.load(Relaxed) != 0
    }

    pub(super) fn add_helper(&self) {
        self.helpers.fetch_add(1, Relaxed);
    }

    pub(super) fn remove_helper(&self) {
        self.helpers.fetch_sub(1, Relaxed);
    }

    pub(super) fn start_search(&self) {
        self.searching.fetch_add(1, AcqRel);
    }

    pub(super) fn end_search(&self) {
        self.searching.fetch_sub(1, AcqRel);
    }

    /// Says that `worker` goes to sleep.
    pub(super) fn fall_asleep(&self, worker: u32) {
        let (word, bit) = place(worker);
        self.sleeping[word].fetch_or(bit, AcqRel);
        self.add_helper();
    }

    /// Says that `worker` woke, unless whoever called it did.
    pub(super) fn wake_up(&self, worker: u32) {
        let (word, bit) = place(worker);
        if self.sleeping[word].fetch_and(!bit, AcqRel) & bit != 0 {
            self.remove_helper();
        }
    }

    /// Picks a sleeper, which is then the caller's to wake. The lowest number first, so that load stays on few
    /// cores while it is low.
    pub(super) fn pick_sleeper(&self) -> Option<u32> {
        for (word, bits) in self.sleeping.iter().enumerate() {
            let mut seen = bits.load(Relaxed);
            while seen != 0 {
                let bit = seen & seen.wrapping_neg();
                seen = bits.fetch_and(!bit, AcqRel);
                if seen & bit != 0 {
                    self.remove_helper();
                    return u32::try_from(word * 64).ok().map(|base| base + bit.trailing_zeros());
                }
            }
        }
        None
    }
}

fn place(worker: u32) -> (usize, u64) {
    (worker as usize / 64, 1 << (worker % 64))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_sleeper_is_picked_once() {
        let idle = Idle::new(70);
        for worker in [69, 3] {
            idle.fall_asleep(worker);
        }
        assert!(idle.has_helpers());
        assert_eq!(
            [idle.pick_sleeper(), idle.pick_sleeper(), idle.pick_sleeper()],
            [Some(3), Some(69), None]
        );
        idle.wake_up(3);
        assert!(!idle.has_helpers());
    }
}
