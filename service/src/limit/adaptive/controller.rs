//! Gathers calls into windows and moves the limit after each.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::algorithm::{Algorithm, Window};
use crate::clock::Epoch;
use crate::limit::permits::Limit;

/// Calls a window has at least.
const CALLS_MIN: u64 = 10;
/// How long a window lasts at least.
const DURATION_MIN: u64 = 100_000_000;

/// The limit and what moves it.
pub(super) struct Controller {
    pub(super) limit: Arc<Limit>,
    pub(super) epoch: Epoch,
    state: Mutex<State>,
}

struct State {
    algorithm: Box<dyn Algorithm>,
    /// The limit, unrounded.
    limit: f64,
    bounds: (usize, usize),
    gathered: Gathered,
}

#[derive(Clone, Copy, Default)]
struct Gathered {
    start: u64,
    calls: u64,
    latency_total: u64,
    latency_min: u64,
    in_flight_max: usize,
    dropped: u64,
}

impl Controller {
    pub(super) fn new(algorithm: Box<dyn Algorithm>, initial: usize, bounds: (usize, usize)) -> Self {
        let state = State { algorithm, limit: initial as f64, bounds, gathered: Gathered::default() };
        Self { limit: Arc::new(Limit::new(initial)), epoch: Epoch::new(), state: Mutex::new(state) }
    }

    pub(super) fn set_bounds(&mut self, min: usize, max: usize) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.bounds = (min, max);
        let initial = (state.limit as usize).clamp(min, max);
        self.set_initial(initial);
    }

    pub(super) fn set_initial(&mut self, initial: usize) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let (min, max) = state.bounds;
        assert!((min..=max).contains(&initial), "`initial` is {initial}, not within {min} to {max}");
        state.limit = initial as f64;
        self.limit.set_max(initial);
    }

    /// Takes a call into account. Where others are at it this one is left out: a window is a sample.
    pub(super) fn note(&self, start: u64, is_dropped: bool) {
        let now = self.epoch.now();
        let Ok(mut state) = self.state.try_lock() else { return };
        let in_flight = self.limit.in_flight();
        let gathered = &mut state.gathered;
        let latency = now.saturating_sub(start);
        if gathered.calls == 0 {
            *gathered = Gathered { start: now, latency_min: latency, ..Gathered::default() };
        }
        gathered.calls += 1;
        gathered.latency_total = gathered.latency_total.saturating_add(latency);
        gathered.latency_min = gathered.latency_min.min(latency);
        gathered.in_flight_max = gathered.in_flight_max.max(in_flight);
        gathered.dropped += u64::from(is_dropped);
        if gathered.calls < CALLS_MIN || now - gathered.start < DURATION_MIN {
            return;
        }
        let max = state.end_window();
        drop(state);
        self.limit.set_max(max);
    }
}

impl State {
    fn end_window(&mut self) -> usize {
        let gathered = std::mem::take(&mut self.gathered);
        let window = Window {
            latency: Duration::from_nanos(gathered.latency_total / gathered.calls),
            latency_min: Duration::from_nanos(gathered.latency_min),
            in_flight_max: gathered.in_flight_max,
            calls: gathered.calls as usize,
            dropped: gathered.dropped as usize,
        };
        let (min, max) = self.bounds;
        let next = self.algorithm.next(self.limit, &window);
        // An algorithm of a user may answer nonsense; the limit then stays.
        if next.is_finite() {
            self.limit = next.clamp(min as f64, max as f64);
        }
        self.limit.round().max(1.0) as usize
    }
}
