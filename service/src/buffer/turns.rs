//! Whose turn it is with the one service.
//!
//! Invariants
//! 1. The service is in its place, or one turn has it and puts it back, also when the service panics.
//! 2. Somebody who waits and is not the oldest needs no wake. The oldest is woken when the service says so, when the
//!    service was put back after a call, and when the one before it went away.
//! 3. A wake by the service while a turn has it is noted; the turn then wakes the oldest and asks once more.
//! 4. An entry without a waker was woken: it is polled soon, or goes away, and then the next is woken.

use std::collections::BTreeMap;
use std::hint::spin_loop;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use tower_service::Service;

use crate::observe::Watch;
use crate::shim::{Mutex, MutexGuard};

/// How often the service is looked for while it is out, each time after twice as long: about two microseconds in all.
#[cfg(not(loom))]
const SPIN_ROUNDS: u32 = 6;
/// A model tries all ways in which it may come back.
#[cfg(loom)]
const SPIN_ROUNDS: u32 = 0;

/// The service and those who wait for it.
pub(super) struct Turns<S> {
    state: Mutex<State<S>>,
    pub(super) watch: Watch,
}

struct State<S> {
    service: Option<S>,
    waiters: BTreeMap<u64, Option<Waker>>,
    next_id: u64,
    wake: Noted,
}

/// Whether the service has woken us since it was taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Noted {
    No,
    Yes,
}

/// A place among those who wait; given up on drop.
pub(super) struct Place<S> {
    turns: Arc<Turns<S>>,
    id: u64,
}

/// The service, taken out for a turn.
struct Turn<'a, S> {
    turns: &'a Turns<S>,
    service: Option<S>,
}

impl<S> Turn<'_, S> {
    /// Puts the service back, which is not ready, and waits; says no if it has woken us meanwhile.
    fn put_back_and_wait(
        mut self,
        turns: &Arc<Turns<S>>,
        place: &mut Option<Place<S>>,
        waker: Waker,
    ) -> bool {
        let mut state = self.turns.lock();
        state.service = self.service.take();
        if state.wake == Noted::Yes {
            // Whoever was woken for it may have come while the service was out, and waits again.
            let oldest = state.take_oldest();
            drop(state);
            oldest.into_iter().for_each(Waker::wake);
            return false;
        }
        turns.enter(state, place, waker);
        true
    }
}

impl<S> Drop for Turn<'_, S> {
    fn drop(&mut self) {
        let Some(service) = self.service.take() else { return };
        let mut state = self.turns.lock();
        state.service = Some(service);
        let oldest = state.take_oldest();
        drop(state);
        oldest.into_iter().for_each(Waker::wake);
    }
}

impl<S> State<S> {
    fn take_oldest(&mut self) -> Option<Waker> {
        self.waiters.first_entry().and_then(|mut oldest| oldest.get_mut().take())
    }

    /// Whether nobody who waits has waited longer.
    fn is_first(&self, place: Option<u64>) -> bool {
        self.waiters.first_key_value().is_none_or(|(oldest, _)| Some(*oldest) == place)
    }
}

impl<S> Turns<S> {
    pub(super) fn new(service: S) -> Arc<Self> {
        let state = State { service: Some(service), waiters: BTreeMap::new(), next_id: 0, wake: Noted::No };
        Arc::new(Self { state: Mutex::new(state), watch: Watch::none() })
    }

    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_oldest(&self) {
        let mut state = self.lock();
        state.wake = Noted::Yes;
        let oldest = state.take_oldest();
        drop(state);
        oldest.into_iter().for_each(Waker::wake);
    }

    /// Takes the service out, if this one's turn has come. If it is out with somebody else it is back soon, as a rule, so
    /// that is waited for a little: going to sleep and being woken costs many times what a turn does.
    fn take_turn(&self, place: Option<u64>) -> Option<Turn<'_, S>> {
        for round in 0..=SPIN_ROUNDS {
            let mut state = self.lock();
            if !state.is_first(place) {
                return None;
            }
            if let Some(service) = state.service.take() {
                state.wake = Noted::No;
                return Some(Turn { turns: self, service: Some(service) });
            }
            drop(state);
            (0..1 << round).for_each(|_| spin_loop());
        }
        None
    }

    /// Waits for a turn; says no if it has come meanwhile.
    fn wait(self: &Arc<Self>, place: &mut Option<Place<S>>, waker: Waker) -> bool {
        let state = self.lock();
        if state.service.is_some() && state.is_first(place.as_ref().map(|place| place.id)) {
            return false;
        }
        self.enter(state, place, waker);
        true
    }

    /// Enters the queue, or leaves a new waker in it.
    fn enter(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State<S>>,
        place: &mut Option<Place<S>>,
        waker: Waker,
    ) {
        let id = match place {
            Some(place) => place.id,
            None => {
                state.next_id += 1;
                place.insert(Place { turns: self.clone(), id: state.next_id }).id
            }
        };
        let old = state.waiters.insert(id, Some(waker));
        drop(state);
        drop(old);
    }

    /// Calls the service once it is this one's turn and the service is ready.
    pub(super) fn poll_call<Request>(
        self: &Arc<Self>,
        place: &mut Option<Place<S>>,
        request: &mut Option<Request>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<S::Future, S::Error>>
    where
        S: Service<Request> + Send + 'static,
    {
        loop {
            let turn = self.take_turn(place.as_ref().map(|place| place.id));
            let Some(mut turn) = turn else {
                if self.wait(place, cx.waker().clone()) {
                    return Poll::Pending;
                }
                continue;
            };
            let service = turn.service.as_mut().expect("taken with the turn");
            let own = Waker::from(self.clone());
            match service.poll_ready(&mut Context::from_waker(&own)) {
                Poll::Ready(ready) => {
                    let call = ready.map(|()| service.call(request.take().expect("called once")));
                    drop(turn);
                    *place = None;
                    return Poll::Ready(call);
                }
                Poll::Pending => {
                    if turn.put_back_and_wait(self, place, cx.waker().clone()) {
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}

impl<S: Send + 'static> Wake for Turns<S> {
    fn wake(self: Arc<Self>) {
        self.wake_oldest();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_oldest();
    }
}

impl<S> Drop for Place<S> {
    fn drop(&mut self) {
        let mut state = self.turns.lock();
        let own = state.waiters.remove(&self.id);
        let oldest = state.take_oldest();
        drop(state);
        drop(own);
        oldest.into_iter().for_each(Waker::wake);
    }
}
