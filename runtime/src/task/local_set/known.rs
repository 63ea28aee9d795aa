//! The sets that a runtime knows of, so that its dumps show their tasks.

use std::num::NonZeroU64;
use std::sync::{Arc, OnceLock, Weak};

use slab::Slab;

use super::queue::Set;
use crate::scheduler::Registry;
use crate::shim::Mutex;

/// Links to sets that keep none alive.
type Links = Mutex<Slab<Weak<Set>>>;

/// Sets whose last poll was in one runtime.
///
/// Made with the first of them: few runtimes have any. A set takes itself out when it is dropped or polled in another
/// runtime, which may outlive this one or not, so it holds the links and not the runtime.
#[derive(Debug, Default)]
pub(crate) struct LocalSets(OnceLock<Arc<Links>>);

impl LocalSets {
    /// Notes a set, until what it gets is dropped. Costs the same however many there are.
    pub(super) fn add(&self, runtime: NonZeroU64, set: &Arc<Set>) -> Known {
        let links = Arc::clone(self.0.get_or_init(Arc::default));
        let place = links.lock().insert(Arc::downgrade(set));
        Known { runtime, links, place }
    }

    /// Shows the sets that are alive.
    pub(crate) fn each(&self, mut show: impl FnMut(KnownSet)) {
        let Some(links) = self.0.get() else { return };
        let sets: Vec<_> = links.lock().iter().filter_map(|(_, set)| set.upgrade()).collect();
        sets.into_iter().for_each(|set| show(KnownSet(set)));
    }

    /// How many sets are noted.
    #[cfg(all(test, not(loom)))]
    fn len(&self) -> usize {
        self.0.get().map_or(0, |links| links.lock().len())
    }
}

/// The place of a set among those that a runtime knows of.
pub(super) struct Known {
    runtime: NonZeroU64,
    links: Arc<Links>,
    place: usize,
}

impl Known {
    /// Whether it is the runtime of this number that knows the set.
    pub(super) fn is_to(&self, runtime: NonZeroU64) -> bool {
        self.runtime == runtime
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        self.links.lock().remove(self.place);
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

#[cfg(all(test, not(loom)))]
mod tests {
    use crate::runtime::{Builder, Runtime};
    use crate::task::{LocalSet, yield_now};

    fn runtime() -> Runtime {
        Builder::new_current_thread().build().unwrap()
    }

    fn known_to(runtime: &Runtime) -> usize {
        runtime.handle().shared().local_sets.len()
    }

    #[test]
    fn a_runtime_knows_the_sets_that_are_there_and_no_others() {
        let runtime = runtime();
        let mut sets: Vec<_> = (0..100).map(|_| LocalSet::new()).collect();
        for round in 0..3 {
            for set in &sets {
                set.block_on(&runtime, yield_now());
            }
            assert_eq!(known_to(&runtime), 100, "round {round}");
        }
        while sets.pop().is_some() {
            assert_eq!(known_to(&runtime), sets.len());
        }
    }

    #[test]
    fn a_set_is_known_where_it_was_polled_last_and_nowhere_else() {
        let runtimes = [runtime(), runtime()];
        let set = LocalSet::new();
        for _ in 0..100 {
            for here in [0, 1] {
                set.block_on(&runtimes[here], yield_now());
                assert_eq!([known_to(&runtimes[here]), known_to(&runtimes[1 - here])], [1, 0]);
            }
        }
    }

    #[test]
    fn a_set_outlives_the_runtimes_that_knew_it() {
        let set = LocalSet::new();
        for _ in 0..3 {
            set.block_on(&runtime(), yield_now());
        }
    }
}
