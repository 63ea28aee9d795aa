//! The one connection of many clones, and the attempt to make it.
//!
//! Invariants
//! 1. There is one attempt at most, one connection at most, and never both.
//! 2. A connection has a number that none before it had. Whoever finds it broken says which one, so that the next one
//!    is not given up for it.
//! 3. Nothing of a user's runs while the lock is held: futures are polled, services and errors cloned and dropped
//!    outside.

use std::sync::Arc;
use std::time::Duration;

use super::handle::Counts;
use crate::clock::Instant;
use crate::flight::Flight;
use crate::retry::{Backoff, Delays};
use crate::shim::{Mutex, MutexGuard};

pub(super) struct Connection<S, F: Future> {
    pub(super) counts: Arc<Counts>,
    backoff: Backoff,
    age_max: Option<Duration>,
    state: Mutex<State<S, F>>,
}

struct State<S, F: Future> {
    stage: Stage<S, F>,
    /// Those of the attempts since the last connection that became ready.
    delays: Option<Delays>,
    next_number: u64,
    /// Orders of handles that have been carried out.
    orders: u64,
}

enum Stage<S, F: Future> {
    Idle,
    /// The last attempt failed, or its connection broke: not before this.
    Paused(Instant),
    Making(Arc<Flight<F>>),
    Made(Arc<Made<S>>),
}

/// A connection.
pub(super) struct Made<S> {
    pub(super) number: u64,
    pub(super) service: S,
    since: Option<Instant>,
}

/// What somebody who needs a connection is to do.
pub(super) enum Advice<S, F: Future> {
    /// Come with an attempt to be made.
    Begin,
    Wait(Arc<Flight<F>>),
    Pause(Duration),
    Use(Arc<Made<S>>),
}

impl<S, F: Future> Connection<S, F> {
    pub(super) fn new(backoff: Backoff, counts: Arc<Counts>) -> Self {
        let state = State { stage: Stage::Idle, delays: None, next_number: 0, orders: 0 };
        Self { counts, backoff, age_max: None, state: Mutex::new(state) }
    }

    pub(super) fn set_age_max(&mut self, age: Duration) {
        self.age_max = Some(age);
    }

    fn lock(&self) -> MutexGuard<'_, State<S, F>> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Puts another stage in place; what was there is dropped without the lock.
    fn replace(mut state: MutexGuard<'_, State<S, F>>, stage: Stage<S, F>) {
        let old = std::mem::replace(&mut state.stage, stage);
        drop(state);
        drop(old);
    }

    pub(super) fn advice(&self) -> Advice<S, F> {
        let state = self.lock();
        match &state.stage {
            Stage::Idle => Advice::Begin,
            Stage::Paused(until) => {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() { Advice::Begin } else { Advice::Pause(left) }
            }
            Stage::Making(flight) => Advice::Wait(flight.clone()),
            Stage::Made(made) => Advice::Use(made.clone()),
        }
    }

    /// Makes `flight` the attempt, unless there is another or a connection by now.
    pub(super) fn begin(&self, flight: Arc<Flight<F>>) {
        let state = self.lock();
        if matches!(state.stage, Stage::Idle | Stage::Paused(_)) {
            Self::replace(state, Stage::Making(flight));
        }
    }

    /// Whether `flight` is the attempt that others look for.
    fn is_attempt(state: &State<S, F>, flight: &Arc<Flight<F>>) -> bool {
        matches!(&state.stage, Stage::Making(current) if Arc::ptr_eq(current, flight))
    }

    /// The attempt has made a connection. The first to say so puts it in place.
    pub(super) fn made(&self, flight: &Arc<Flight<F>>, service: S) {
        let since = self.age_max.map(|_| Instant::now());
        let mut state = self.lock();
        if !Self::is_attempt(&state, flight) {
            drop(state);
            // A clone that is not needed; its destructor runs without the lock.
            return drop(service);
        }
        state.next_number += 1;
        let number = state.next_number;
        Self::replace(state, Stage::Made(Arc::new(Made { number, service, since })));
        self.counts.note_made();
    }

    /// The attempt has failed.
    pub(super) fn failed(&self, flight: &Arc<Flight<F>>) {
        let state = self.lock();
        if Self::is_attempt(&state, flight) {
            self.pause(state);
            self.counts.note_failed();
        }
    }

    /// The connection with this number has broken.
    pub(super) fn broken(&self, number: u64) {
        let state = self.lock();
        if matches!(&state.stage, Stage::Made(made) if made.number == number) {
            self.pause(state);
        }
    }

    fn pause(&self, mut state: MutexGuard<'_, State<S, F>>) {
        let delay = state.delays.get_or_insert_with(|| self.backoff.delays()).next().unwrap_or_default();
        let now = Instant::now();
        Self::replace(state, Stage::Paused(now.checked_add(delay).unwrap_or(now)));
    }

    /// The connection has become ready: the next that breaks is the first of a row.
    pub(super) fn healthy(&self) {
        self.lock().delays = None;
    }

    /// Whether a connection is to be given up: because it is old, or because a handle says so.
    pub(super) fn is_over(&self, made: &Made<S>, orders: &mut u64) -> bool {
        let is_old = self.age_max.zip(made.since).is_some_and(|(max, since)| since.elapsed() > max);
        let ordered = self.counts.orders();
        let is_ordered = *orders != ordered;
        *orders = ordered;
        if is_old || (is_ordered && self.obey(ordered)) {
            let state = self.lock();
            if matches!(&state.stage, Stage::Made(current) if current.number == made.number) {
                Self::replace(state, Stage::Idle);
            }
        }
        is_old || is_ordered
    }

    /// Whether the order with this number has not been carried out yet.
    fn obey(&self, order: u64) -> bool {
        let mut state = self.lock();
        let is_new = state.orders < order;
        state.orders = state.orders.max(order);
        is_new
    }
}
