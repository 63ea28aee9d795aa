//! A breaker: its settings, and what moves its [cell](super::cell).
//!
//! Invariants
//! 1. The state moves by compare-exchange only, by the functions of [`State`]; so of the calls that see the same state
//!    end, one moves it.
//! 2. `openings` grows with every move to open, so a probe of an earlier half-open time is known by its generation.

use std::sync::Arc;
use std::time::Duration;

use super::CircuitOpen;
use super::cell::{self, Cell, Gathering};
use super::settings::Settings;
use super::state::{Admission, Part, Probe, ProbeEnd, State, Status};
use super::window::{Counts, WindowKind};
use crate::clock::{Epoch, nanos};
use crate::observe::{Event, Watch};
use crate::shim::{AtomicU64, Ordering};

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) cell: &'static Cell,
    term: u64,
    openings: AtomicU64,
    /// Openings since the breaker was last closed.
    row: AtomicU64,
    pub(super) settings: Settings,
    pub(super) epoch: Epoch,
    pub(super) watch: Watch,
}

impl Shared {
    pub(super) fn new(settings: Settings) -> Self {
        let cell = cell::take_from_shelf();
        let term = cell.begin();
        cell.set_window(settings.window(), term);
        Self {
            cell,
            term,
            openings: AtomicU64::new(0),
            row: AtomicU64::new(0),
            settings,
            epoch: Epoch::new(),
            watch: Watch::default(),
        }
    }

    /// Has the calls of its cell find it. From then on the window stays as it is.
    pub(super) fn take_calls(self: &Arc<Self>) {
        self.cell.belong_to(self);
    }

    pub(super) fn set_window(&mut self, kind: WindowKind) {
        self.settings.set_window(kind);
        self.cell.set_window(kind, self.term);
    }

    #[cfg(loom)]
    pub(super) const fn term(&self) -> u64 {
        self.term
    }

    /// Whether the successes of calls are gathered; slow calls have to be told from others, so there each is counted by itself.
    pub(super) fn gathering(&self) -> Gathering {
        match self.settings.slow() {
            None => Gathering::of(self.settings.window(), self.term),
            Some(_) => Gathering::NEVER,
        }
    }

    #[inline]
    fn state(&self) -> State {
        self.cell.state()
    }

    fn probes(&self) -> u64 {
        u64::from(self.settings.probes())
    }

    /// Where the breaker stands; open ends when probes would be let through.
    pub(super) fn status(&self) -> Status {
        self.state().status()
    }

    /// Whether a call would be refused now.
    #[inline]
    pub(super) fn refuses(&self) -> bool {
        let state = self.state();
        state != State::CLOSED && self.refuses_in(state)
    }

    #[cold]
    fn refuses_in(&self, state: State) -> bool {
        matches!(state.admit(|| self.epoch.now(), self.probes(), 0), Admission::Refused(_))
    }

    #[inline]
    pub(super) fn admit(&self) -> Result<Part, CircuitOpen> {
        if self.state() == State::CLOSED {
            return Ok(Part::COUNTED);
        }
        self.admit_slow()
    }

    #[cold]
    fn admit_slow(&self) -> Result<Part, CircuitOpen> {
        loop {
            let state = self.state();
            let openings = self.openings.load(Ordering::Relaxed);
            match state.admit(|| self.epoch.now(), self.probes(), openings) {
                Admission::Counted => return Ok(Part::COUNTED),
                Admission::Uncounted => return Ok(Part::UNCOUNTED),
                Admission::Refused(nanos) => {
                    return Err(CircuitOpen { retry_after: nanos.map(Duration::from_nanos) });
                }
                Admission::Probe(next, probe) if self.try_move(state, next) => {
                    return Ok(Part::of_probe(probe));
                }
                Admission::Probe(..) => {}
            }
        }
    }

    /// Moves the state, if nobody else has.
    fn try_move(&self, from: State, to: State) -> bool {
        let is_moved = self.cell.try_move(from, to);
        if is_moved && from.status() != to.status() {
            self.watch.tell(|| Event::BreakerMoved { from: from.status(), to: to.status() });
        }
        is_moved
    }

    /// Takes the outcome of a counted call into account.
    pub(super) fn note(&self, is_failure: bool) {
        if is_failure {
            self.cell.gather(self.term);
        }
        let window = &self.cell.window.0;
        let now = if window.wants_time() { self.epoch.now() } else { 0 };
        if let Some(counts) = window.note(Counts::one(is_failure), now, self.term)
            && self.settings.is_too_much(counts)
        {
            self.open();
        }
    }

    #[cold]
    fn open(&self) {
        let until = self.next_until();
        if self.try_move(State::CLOSED, State::open_until(until)) {
            self.count_opening();
        }
    }

    fn count_opening(&self) {
        self.openings.fetch_add(1, Ordering::Relaxed);
        self.row.fetch_add(1, Ordering::Relaxed);
    }

    /// The end of an opening that begins now: twice as far away each time in a row.
    fn next_until(&self) -> u64 {
        let doublings = self.row.load(Ordering::Relaxed).min(32) as u32;
        let (shortest, longest) = self.settings.open_for().into_inner();
        let duration = shortest.saturating_mul(1 << doublings.min(31)).min(longest);
        self.epoch.now().saturating_add(nanos(duration))
    }

    pub(super) fn settle(&self, probe: Probe, end: ProbeEnd) {
        loop {
            let state = self.state();
            let next = state.settle(probe, end, self.probes(), || self.next_until());
            let Some(next) = next else { return };
            if next == State::CLOSED {
                self.cell.clear(self.term);
            }
            if self.try_move(state, next) {
                match next.status() {
                    Status::Open => self.count_opening(),
                    Status::Closed => self.row.store(0, Ordering::Relaxed),
                    _ => {}
                }
                return;
            }
        }
    }

    /// Puts the breaker into a state, whatever it is in.
    pub(super) fn force(&self, to: State) {
        self.openings.fetch_add(1, Ordering::Relaxed);
        self.row.store(0, Ordering::Relaxed);
        self.cell.clear(self.term);
        while !self.try_move(self.state(), to) {}
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        cell::put_on_shelf(self.cell);
    }
}
