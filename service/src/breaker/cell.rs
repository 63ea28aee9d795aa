//! What the calls of a closed breaker touch, and keep hold of without counting references.
//!
//! A cell is never freed, but kept for the next breaker when its own is gone: so a call that passes pays for no reference
//! count. Successes are counted where the thread has a place of its own, and stay there: they say nothing as long as nobody
//! fails. A failure brings them into the window, in which they are later than all before, and is judged with nothing
//! missing.
//!
//! Invariants
//! 1. A cell is one breaker's at a time, and that time is a *term*. Calls know the term they began in, and the words they
//!    count in tell whose term it is: what comes late is taken back out.
//! 2. `owner` is the breaker of the term, for those who have to do more than count.

use std::sync::{Arc, Weak};

use super::shared::Shared;
use super::state::State;
use super::window::{self, Window, WindowKind};
use crate::shim::{AtomicU64, Mutex, MutexGuard, Ordering};
use crate::stripe::{Padded, Stripe, Stripes};

#[derive(Debug)]
pub(super) struct Cell {
    /// Read by every call, and seldom written.
    state: Padded<AtomicU64>,
    pub(super) window: Padded<Window>,
    stripes: Stripes<AtomicU64>,
    owner: Mutex<Owner>,
}

#[derive(Debug, Default)]
struct Owner {
    term: u64,
    shared: Weak<Shared>,
}

/// The term of calls whose successes are gathered, or a word for calls that are counted one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gathering(pub(super) u64);

/// A place with so many successes hands them on, so that it never counts into the bits of its term.
const GATHERED_SHIFT: u32 = window::ID_SHIFT - 1;

impl Cell {
    pub(super) fn new() -> Self {
        Self {
            state: Padded(AtomicU64::new(State::CLOSED.0)),
            window: Padded(Window::new(WindowKind::Calls(2))),
            stripes: Stripes::new(|| AtomicU64::new(0)),
            owner: Mutex::new(Owner::default()),
        }
    }

    fn owner(&self) -> MutexGuard<'_, Owner> {
        self.owner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Begins a term, and returns it.
    pub(super) fn begin(&self) -> u64 {
        let mut owner = self.owner();
        owner.term += 1;
        let term = owner.term;
        drop(owner);
        self.state.0.store(State::CLOSED.0, Ordering::Relaxed);
        self.set_window(WindowKind::Calls(2), term);
        term
    }

    /// Tells the cell whose it is.
    pub(super) fn belong_to(&self, shared: &Arc<Shared>) {
        self.owner().shared = Arc::downgrade(shared);
    }

    pub(super) fn set_window(&self, kind: WindowKind, term: u64) {
        self.window.0.set(kind, term);
        self.clear(term);
    }

    /// Forgets every outcome.
    pub(super) fn clear(&self, term: u64) {
        self.stripes.all().for_each(|stripe| {
            stripe.swap(window::empty(term), Ordering::Relaxed);
        });
        self.window.0.clear(term);
    }

    #[inline]
    pub(super) fn state(&self) -> State {
        // ORDERING: Relaxed, here and below: the word is all there is to be seen.
        State(self.state.0.load(Ordering::Relaxed))
    }

    /// Moves the state, if nobody else has.
    pub(super) fn try_move(&self, from: State, to: State) -> bool {
        self.state.0.compare_exchange(from.0, to.0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Takes note of a success.
    #[inline]
    pub(super) fn succeeded(&self, stripe: Stripe, gathering: Gathering) {
        let before = self.stripes.of(stripe).fetch_add(1, Ordering::Relaxed);
        if before >> GATHERED_SHIFT != gathering.0 {
            self.clear_up(stripe, gathering);
        }
    }

    /// The word of a place is of another term, or full.
    #[cold]
    fn clear_up(&self, stripe: Stripe, gathering: Gathering) {
        let term = gathering.term();
        let word = self.stripes.of(stripe);
        if window::is_of(word.load(Ordering::Relaxed), term) {
            self.note(take(word, term), term);
        } else {
            // What was counted belongs to an earlier term.
            let take_back = |word| (gathered(word) > 0).then(|| word - 1);
            let _ = word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take_back);
        }
    }

    /// Brings into the window what has been gathered.
    pub(super) fn gather(&self, term: u64) {
        self.note(self.stripes.all().map(|word| take(word, term)).sum(), term);
    }

    fn note(&self, successes: u64, term: u64) {
        if successes > 0 && !self.window.0.wants_time() {
            self.window.0.note_successes(successes, term);
        }
    }

    /// The breaker a call belongs to, if it is still there.
    pub(super) fn owner_in(&self, gathering: Gathering) -> Option<Arc<Shared>> {
        let owner = self.owner();
        window::is_of(window::empty(owner.term), gathering.term()).then(|| owner.shared.upgrade()).flatten()
    }
}

/// The successes in a word of a place.
const fn gathered(word: u64) -> u64 {
    word & ((1 << window::ID_SHIFT) - 1)
}

/// Takes the successes of `term` out of a word.
fn take(word: &AtomicU64, term: u64) -> u64 {
    if word.load(Ordering::Relaxed) == window::empty(term) {
        return 0;
    }
    let emptied = |word| window::is_of(word, term).then(|| window::empty(term));
    let taken = word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, emptied);
    taken.map_or(0, gathered)
}

impl Gathering {
    /// For calls that are counted one by one.
    pub(super) const NEVER: Self = Self(u64::MAX);

    /// For a window over which successes are gathered. One of time needs to know when each was.
    pub(super) const fn of(kind: WindowKind, term: u64) -> Self {
        match kind {
            WindowKind::Calls(_) => Self(window::empty(term) >> GATHERED_SHIFT),
            WindowKind::Time(_) => Self::NEVER,
        }
    }

    const fn term(self) -> u64 {
        self.0 >> (window::ID_SHIFT - GATHERED_SHIFT)
    }
}

/// Cells that no breaker has. Their number is the largest number of breakers that ever existed at once.
#[cfg(not(loom))]
static SHELF: std::sync::Mutex<Vec<&'static Cell>> = std::sync::Mutex::new(Vec::new());

#[cfg(not(loom))]
pub(super) fn take_from_shelf() -> &'static Cell {
    let cell = SHELF.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
    cell.unwrap_or_else(|| Box::leak(Box::new(Cell::new())))
}

#[cfg(not(loom))]
pub(super) fn put_on_shelf(cell: &'static Cell) {
    SHELF.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(cell);
}

/// A model may not reach what belongs to another one.
#[cfg(loom)]
pub(super) fn take_from_shelf() -> &'static Cell {
    Box::leak(Box::new(Cell::new()))
}

#[cfg(loom)]
pub(super) fn put_on_shelf(_: &'static Cell) {}
