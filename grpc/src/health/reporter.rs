//! What the application says about its services, and who waits to hear it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use super::ServingStatus;
use crate::limits::HEALTH_WATCHERS_MAX;

/// Sets what the health service says. Clones set the same.
#[derive(Clone)]
pub struct HealthReporter {
    shared: Arc<Mutex<State>>,
}

struct State {
    statuses: HashMap<String, ServingStatus>,
    watchers: BTreeMap<u64, Option<Waker>>,
    next_watcher: u64,
}

impl HealthReporter {
    pub(super) fn new() -> Self {
        let statuses = HashMap::from([(String::new(), ServingStatus::Serving)]);
        let state = State { statuses, watchers: BTreeMap::new(), next_watcher: 0 };
        Self { shared: Arc::new(Mutex::new(state)) }
    }

    /// Says how a service is; the empty name is the server as a whole. Watchers hear of it.
    pub fn set(&self, service: impl Into<String>, status: ServingStatus) {
        self.change(|statuses| {
            statuses.insert(service.into(), status);
        });
    }

    /// Says that there is no such service.
    pub fn clear(&self, service: &str) {
        self.change(|statuses| {
            statuses.remove(service);
        });
    }

    /// Says that no service takes calls any more: the first step of a shutdown.
    pub fn set_all_not_serving(&self) {
        self.change(|statuses| statuses.values_mut().for_each(|status| *status = ServingStatus::NotServing));
    }

    pub(super) fn get(&self, service: &str) -> Option<ServingStatus> {
        self.state().statuses.get(service).copied()
    }

    /// Starts to watch a service, unless too many do.
    pub(super) fn watch(&self, service: String) -> Option<Watcher> {
        let mut state = self.state();
        if state.watchers.len() >= HEALTH_WATCHERS_MAX {
            return None;
        }
        let id = state.next_watcher;
        state.next_watcher += 1;
        state.watchers.insert(id, None);
        Some(Watcher { reporter: self.clone(), id, service, told: None })
    }

    fn change(&self, change: impl FnOnce(&mut HashMap<String, ServingStatus>)) {
        let mut state = self.state();
        change(&mut state.statuses);
        let wakers: Vec<Waker> = state.watchers.values_mut().filter_map(Option::take).collect();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl fmt::Debug for HealthReporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthReporter").field("statuses", &self.state().statuses).finish_non_exhaustive()
    }
}

/// Waits for the status of one service to change.
pub(super) struct Watcher {
    reporter: HealthReporter,
    id: u64,
    service: String,
    told: Option<ServingStatus>,
}

impl Watcher {
    /// The status when it differs from the one given last.
    pub(super) fn poll_change(&mut self, cx: &mut Context<'_>) -> Poll<ServingStatus> {
        let mut state = self.reporter.state();
        let status = state.statuses.get(&self.service).copied().unwrap_or(ServingStatus::ServiceUnknown);
        if self.told != Some(status) {
            self.told = Some(status);
            return Poll::Ready(status);
        }
        state.watchers.insert(self.id, Some(cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.reporter.state().watchers.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watchers_are_bounded_and_leave_no_trace() {
        let reporter = HealthReporter::new();
        let watchers: Vec<_> =
            (0..HEALTH_WATCHERS_MAX).map(|_| reporter.watch(String::new()).unwrap()).collect();
        assert!(reporter.watch(String::new()).is_none());
        drop(watchers);
        assert!(reporter.state().watchers.is_empty());
    }
}
