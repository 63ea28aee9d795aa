//! Those who wait for one future.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::shim::{Mutex, MutexGuard};

/// Wakes one of those who wait when the future wakes it.
#[derive(Debug, Default)]
pub(super) struct Bell {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// By arrival. Without a waker where one was woken.
    waiters: BTreeMap<u64, Option<Waker>>,
    next_id: u64,
    rung: Rung,
}

/// Whether the future has woken us since it was last taken to be polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Rung {
    #[default]
    No,
    Yes,
}

/// A place among those who wait; given up on drop.
#[derive(Debug)]
pub(crate) struct Place {
    bell: Arc<Bell>,
    id: u64,
}

impl State {
    fn take_oldest(&mut self) -> Option<Waker> {
        self.waiters.values_mut().find_map(Option::take)
    }
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Enters, or leaves a new waker.
    pub(super) fn wait(self: &Arc<Self>, place: &mut Option<Place>, waker: Waker) {
        let mut state = self.lock();
        let id = match place {
            Some(place) => place.id,
            None => {
                state.next_id += 1;
                place.insert(Place { bell: self.clone(), id: state.next_id }).id
            }
        };
        let old = state.waiters.insert(id, Some(waker));
        drop(state);
        drop(old);
    }

    /// The future is about to be polled.
    pub(super) fn silence(&self) {
        self.lock().rung = Rung::No;
    }

    pub(super) fn rung(&self) -> Rung {
        self.lock().rung
    }

    /// Wakes the one who has waited longest.
    pub(super) fn wake_next(&self) {
        let next = self.lock().take_oldest();
        next.into_iter().for_each(Waker::wake);
    }

    /// Wakes everybody.
    pub(super) fn wake_all(&self) {
        let mut state = self.lock();
        let all: Vec<_> = state.waiters.values_mut().filter_map(Option::take).collect();
        drop(state);
        all.into_iter().for_each(Waker::wake);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = self.lock();
        if std::mem::replace(&mut state.rung, Rung::Yes) == Rung::Yes {
            // Somebody was woken for it already.
            return;
        }
        let oldest = state.take_oldest();
        drop(state);
        oldest.into_iter().for_each(Waker::wake);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.bell.lock();
        let own = state.waiters.remove(&self.id);
        // Woken and not polled since: the wake is the next one's.
        let next = if matches!(own, Some(None)) { state.take_oldest() } else { None };
        drop(state);
        drop(own);
        next.into_iter().for_each(Waker::wake);
    }
}
