//! The sets that a runtime knows of, so that its dumps show their tasks.

use std::sync::{Arc, Weak};

use super::queue::Set;
use crate::scheduler::Registry;
use crate::shim::Mutex;

/// Sets that were polled in a runtime, by links that keep none alive.
#[derive(Debug, Default)]
pub(crate) struct LocalSets(Mutex<Vec<Weak<Set>>>);

impl LocalSets {
    /// Notes a set, and forgets those that are gone.
    pub(super) fn add(&self, set: &Arc<Set>) {
        let mut sets = self.0.lock();
        sets.retain(|set| set.strong_count() != 0);
        sets.push(Arc::downgrade(set));
    }

    /// Shows the sets that are alive.
    pub(crate) fn each(&self, mut show: impl FnMut(KnownSet)) {
        let sets: Vec<_> = self.0.lock().iter().filter_map(Weak::upgrade).collect();
        sets.into_iter().for_each(|set| show(KnownSet(set)));
    }
}

/// A set that is alive.
pub(crate) struct KnownSet(Arc<Set>);

impl KnownSet {
    /// Looks at the tasks of the set; nothing if it is using them.
    pub(crate) fn try_registry<R>(&self, look: impl FnOnce(&Registry) -> R) -> Option<R> {
        self.0.try_registry(look)
    }
}
