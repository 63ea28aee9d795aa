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
pub(super) const ID_SHIFT: u32 = 2 * COUNT_BITS;

/// Where a word of counts belongs: to a half of a span, or to a [term](super::cell) of the window.
const ID: u64 = (1 << (64 - ID_SHIFT)) - 1;

#[derive(Debug)]
pub(crate) struct Window {
    /// Calls or nanoseconds of a half.
    half: AtomicU64,
    /// One where `half` is a time, else zero.
    is_timed: AtomicU64,
    current: AtomicU64,
    previous: AtomicU64,
}

/// Calls, and failures among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) calls: u64,
    pub(crate) failures: u64,
}

impl Counts {
    pub(crate) const SUCCESS: Self = Self { calls: 1, failures: 0 };
    pub(crate) const FAILURE: Self = Self { calls: 1, failures: 1 };

    pub(crate) const fn one(is_failure: bool) -> Self {
        if is_failure { Self::FAILURE } else { Self::SUCCESS }
    }

    pub(crate) const fn successes(calls: u64) -> Self {
        Self { calls, failures: 0 }
    }

    const fn word(self) -> u64 {
        self.calls * CALL + self.failures * FAILURE
    }
}

/// The word of a term in which nothing has been counted.
pub(super) const fn empty(term: u64) -> u64 {
    (term & ID) << ID_SHIFT
}

/// Whether a word is of a term.
pub(super) const fn is_of(word: u64, term: u64) -> bool {
    word >> ID_SHIFT == term & ID
}

pub(super) const fn counts(word: u64) -> Counts {
    Counts { calls: word & COUNT_MAX, failures: word >> COUNT_BITS & COUNT_MAX }
}

impl Window {
    pub(crate) fn new(kind: WindowKind) -> Self {
        let [half, is_timed, current, previous] = std::array::from_fn(|_| AtomicU64::new(0));
        let window = Self { half, is_timed, current, previous };
        window.set(kind, 0);
        window
    }

    /// Becomes another window, with nothing counted.
    pub(crate) fn set(&self, kind: WindowKind, term: u64) {
        let (half, is_timed) = match kind {
            WindowKind::Calls(calls) => (u64::from(calls) / 2, 0),
            WindowKind::Time(span) => ((nanos(span) / 2).max(1), 1),
        };
        self.half.store(half, Ordering::Relaxed);
        self.is_timed.store(is_timed, Ordering::Relaxed);
        self.clear(term);
    }

    #[inline]
    pub(crate) fn wants_time(&self) -> bool {
        self.is_timed.load(Ordering::Relaxed) != 0
    }

    /// Counts calls that ended at `now` in `term`, and says how the window stands where there was a failure.
    #[inline]
    pub(crate) fn note(&self, ended: Counts, now: u64, term: u64) -> Option<Counts> {
        let half = self.half.load(Ordering::Relaxed);
        let after = if self.wants_time() {
            // 24 bits: an id comes again after sixteen million halves.
            let id = now / half;
            let current = self.current.load(Ordering::Relaxed);
            if !is_of(current, id) {
                self.turn_to(id);
            } else if current & COUNT_MAX >= HALF_FULL {
                return None;
            }
            self.current.fetch_add(ended.word(), Ordering::Relaxed) + ended.word()
        } else {
            // Added only to a word of the term: the window may be somebody else's by now.
            let added = |word| is_of(word, term).then(|| word + ended.word());
            let before = self.current.fetch_update(Ordering::Relaxed, Ordering::Relaxed, added);
            before.ok()? + ended.word()
        };
        let standing = (ended.failures > 0).then(|| self.standing(after, term));
        if !self.wants_time() && after & COUNT_MAX >= half {
            self.turn(after & COUNT_MAX, term);
        }
        standing
    }

    /// Counts calls of `term` that all went well, one after another; not for a window of time.
    pub(crate) fn note_successes(&self, calls: u64, term: u64) {
        let half = self.half.load(Ordering::Relaxed);
        // After two halves of them nothing before is remembered.
        let mut left = if calls < 3 * half { calls } else { 2 * half + calls % half };
        while left > 0 {
            let current = self.current.load(Ordering::Relaxed);
            if !is_of(current, term) {
                return;
            }
            let now = half.saturating_sub(current & COUNT_MAX).clamp(1, left);
            self.note(Counts::successes(now), 0, term);
            left -= now;
        }
    }

    /// Both halves together, where the one under way is `current`.
    #[cold]
    fn standing(&self, current: u64, term: u64) -> Counts {
        let previous = self.previous.load(Ordering::Relaxed);
        let is_known = self.wants_time() || is_of(previous, term);
        let (now, then) = (counts(current), counts(if is_known { previous } else { 0 }));
        Counts { calls: now.calls + then.calls, failures: now.failures + then.failures }
    }

    /// Begins another half, unless somebody else does.
    #[cold]
    fn turn(&self, seen: u64, term: u64) {
        let current = self.current.load(Ordering::Relaxed);
        if is_of(current, term)
            && current & COUNT_MAX >= seen
            && self
                .current
                .compare_exchange(current, empty(term), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            self.previous.store(current, Ordering::Relaxed);
        }
    }

    #[cold]
    fn turn_to(&self, id: u64) {
        let current = self.current.load(Ordering::Relaxed);
        if !is_of(current, id)
            && self.current.compare_exchange(current, empty(id), Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            let is_adjacent = is_of(current, id.wrapping_sub(1));
            self.previous.store(if is_adjacent { current } else { 0 }, Ordering::Relaxed);
        }
    }

    /// Forgets everything. By exchange, which what is being counted comes either before or after.
    pub(crate) fn clear(&self, term: u64) {
        self.current.swap(empty(term), Ordering::Relaxed);
        self.previous.swap(empty(term), Ordering::Relaxed);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_window_of_calls_forgets_what_is_older_than_itself() {
        let window = Window::new(WindowKind::Calls(20));
        (0..10).for_each(|_| assert!(window.note(Counts::FAILURE, 0, 0).is_some()));
        assert_eq!(window.note(Counts::FAILURE, 0, 0), Some(Counts { calls: 11, failures: 11 }));
        (0..30).for_each(|_| assert_eq!(window.note(Counts::SUCCESS, 0, 0), None));
        let counts = window.note(Counts::FAILURE, 0, 0).unwrap();
        assert!(counts.failures == 1 && (10..=22).contains(&counts.calls), "{counts:?}");
    }

    #[test]
    fn successes_in_a_row_push_out_what_was_before_like_successes_one_by_one() {
        for calls in (0..70).chain([1_000_003, 1 << 39]) {
            let [at_once, one_by_one] = std::array::from_fn(|_| {
                let window = Window::new(WindowKind::Calls(20));
                (0..7).for_each(|_| assert!(window.note(Counts::FAILURE, 0, 0).is_some()));
                window
            });
            at_once.note_successes(calls, 0);
            // What is further back than two halves does not show.
            (0..calls.min(1000 + calls % 10))
                .for_each(|_| assert!(one_by_one.note(Counts::SUCCESS, 0, 0).is_none()));
            let next = [&at_once, &one_by_one].map(|window| window.note(Counts::FAILURE, 0, 0));
            assert_eq!(next[0], next[1], "after {calls}");
        }
    }

    #[test]
    fn a_window_counts_for_one_term_only() {
        let window = Window::new(WindowKind::Calls(20));
        window.set(WindowKind::Calls(40), 7);
        assert_eq!(window.note(Counts::FAILURE, 0, 6), None, "of the term before");
        assert_eq!(window.note(Counts::successes(15), 0, 7), None);
        assert_eq!(window.note(Counts::FAILURE, 0, 7), Some(Counts { calls: 16, failures: 1 }));
    }

    #[test]
    fn a_window_of_time_forgets_what_is_older_than_itself() {
        let window = Window::new(WindowKind::Time(Duration::from_secs(10)));
        (0..4).for_each(|_| assert!(window.note(Counts::FAILURE, 7 * SECOND, 0).is_some()));
        assert_eq!(window.note(Counts::FAILURE, 11 * SECOND, 0), Some(Counts { calls: 5, failures: 5 }));
        assert_eq!(window.note(Counts::FAILURE, 17 * SECOND, 0), Some(Counts { calls: 2, failures: 2 }));
        assert_eq!(
            window.note(Counts::FAILURE, 60 * SECOND, 0),
            Some(Counts { calls: 1, failures: 1 }),
            "after a pause"
        );
    }
}
