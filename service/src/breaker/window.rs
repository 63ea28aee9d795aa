//! The outcomes of late, in two halves of a window.
//!
//! One word holds the half under way: an id, the calls, and the failures among them; another word the half before. The
//! rate is that of both together, so it never looks back less than half a window and never more than a whole one.

use std::time::Duration;

use crate::clock::nanos;
use crate::shim::{AtomicU64, Ordering};

/// Over what outcomes are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WindowKind {
    /// The last so many calls.
    Calls(u32),
    /// The calls in the last such span.
    Time(Duration),
}

const COUNT_BITS: u32 = 20;
const COUNT_MAX: u64 = (1 << COUNT_BITS) - 1;
/// A half of a span that has seen so many calls counts no more of them: the rate is known by then.
const HALF_FULL: u64 = COUNT_MAX - (1 << 16);
const CALL: u64 = 1;
const FAILURE: u64 = 1 << COUNT_BITS;
const ID_SHIFT: u32 = 2 * COUNT_BITS;

#[derive(Debug)]
pub(crate) struct Window {
    kind: WindowKind,
    current: AtomicU64,
    previous: AtomicU64,
}

/// Calls, and failures among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) calls: u64,
    pub(crate) failures: u64,
}

fn counts(word: u64) -> Counts {
    Counts { calls: word & COUNT_MAX, failures: word >> COUNT_BITS & COUNT_MAX }
}

impl Window {
    pub(crate) fn new(kind: WindowKind) -> Self {
        Self { kind, current: AtomicU64::new(0), previous: AtomicU64::new(0) }
    }

    #[inline]
    pub(crate) fn wants_time(&self) -> bool {
        matches!(self.kind, WindowKind::Time(_))
    }

    /// Counts a call that ended at `now`, and says how the window stands where it was a failure.
    #[inline]
    pub(crate) fn note(&self, is_failure: bool, now: u64) -> Option<Counts> {
        let add = if is_failure { CALL + FAILURE } else { CALL };
        match self.kind {
            WindowKind::Calls(calls) => {
                let after = self.current.fetch_add(add, Ordering::Relaxed) + add;
                let standing = is_failure.then(|| self.standing(after));
                if after & COUNT_MAX >= u64::from(calls) / 2 {
                    self.turn(after & COUNT_MAX);
                }
                standing
            }
            WindowKind::Time(span) => {
                // 24 bits: an id comes again after sixteen million halves.
                let id = (now / (nanos(span) / 2).max(1)) & 0xFF_FFFF;
                let current = self.current.load(Ordering::Relaxed);
                if current >> ID_SHIFT != id {
                    self.turn_to(id);
                } else if current & COUNT_MAX >= HALF_FULL {
                    return None;
                }
                let after = self.current.fetch_add(add, Ordering::Relaxed) + add;
                is_failure.then(|| self.standing(after))
            }
        }
    }

    /// Both halves together, where the one under way is `current`.
    #[cold]
    fn standing(&self, current: u64) -> Counts {
        let (now, then) = (counts(current), counts(self.previous.load(Ordering::Relaxed)));
        Counts { calls: now.calls + then.calls, failures: now.failures + then.failures }
    }

    /// Begins another half, unless somebody else does.
    #[cold]
    fn turn(&self, seen: u64) {
        let current = self.current.load(Ordering::Relaxed);
        if current & COUNT_MAX >= seen
            && self.current.compare_exchange(current, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            self.previous.store(current, Ordering::Relaxed);
        }
    }

    #[cold]
    fn turn_to(&self, id: u64) {
        let current = self.current.load(Ordering::Relaxed);
        let next = id << ID_SHIFT;
        if current >> ID_SHIFT != id
            && self.current.compare_exchange(current, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            let is_adjacent = (current >> ID_SHIFT).wrapping_add(1) & 0xFF_FFFF == id;
            self.previous.store(if is_adjacent { current } else { 0 }, Ordering::Relaxed);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.current.store(0, Ordering::Relaxed);
        self.previous.store(0, Ordering::Relaxed);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_window_of_calls_forgets_what_is_older_than_itself() {
        let window = Window::new(WindowKind::Calls(20));
        (0..10).for_each(|_| assert!(window.note(true, 0).is_some()));
        assert_eq!(window.note(true, 0), Some(Counts { calls: 11, failures: 11 }));
        (0..30).for_each(|_| assert_eq!(window.note(false, 0), None));
        let counts = window.note(true, 0).unwrap();
        assert!(counts.failures == 1 && (10..=22).contains(&counts.calls), "{counts:?}");
    }

    #[test]
    fn a_window_of_time_forgets_what_is_older_than_itself() {
        let window = Window::new(WindowKind::Time(Duration::from_secs(10)));
        (0..4).for_each(|_| assert!(window.note(true, 7 * SECOND).is_some()));
        assert_eq!(window.note(true, 11 * SECOND), Some(Counts { calls: 5, failures: 5 }));
        assert_eq!(window.note(true, 17 * SECOND), Some(Counts { calls: 2, failures: 2 }));
        assert_eq!(window.note(true, 60 * SECOND), Some(Counts { calls: 1, failures: 1 }), "after a pause");
    }
}
