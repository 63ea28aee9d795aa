//! The set of instances.
//!
//! Invariants
//! 1. Balancers read snapshots, which never change. Whoever changes the set or ejects an instance makes another one, with
//!    the lock held, and counts the version up after it is in place.
//! 2. `next_return` is the earliest time an instance comes back, or [`NEVER`]; it changes with the lock held.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::ejection::{Ejection, WINDOW};
use super::endpoint::Endpoint;
use super::load::Load;
use super::stock::Lease;
use crate::breaker::window::{Counts, Window};
use crate::clock::{Epoch, nanos};
use crate::observe::{Event, Observer, Watch};
use crate::shim::{AtomicU32, AtomicU64, Mutex, MutexGuard, Ordering};

const NEVER: u64 = u64::MAX;

/// A set of instances, which balancers share.
///
/// A clone is another handle of the same set.
pub struct Endpoints<K, S> {
    shared: Arc<Shared<K, S>>,
}

pub(super) struct Shared<K, S> {
    pub(super) load: Load,
    ejection: Option<Ejection>,
    pub(super) slow_start: Option<Duration>,
    watch: Watch,
    pub(super) epoch: Epoch,
    version: AtomicU64,
    next_return: AtomicU64,
    snapshot: Mutex<Arc<Snapshot<K, S>>>,
}

/// The set as it was at a version.
pub(super) struct Snapshot<K, S> {
    pub(super) all: Vec<Arc<Endpoint<K, S>>>,
    /// Those to be picked from.
    pub(super) eligible: Vec<Arc<Endpoint<K, S>>>,
}

/// What is known of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndpointStatus {
    /// Calls under way.
    pub pending: u64,
    /// Whether it is left out.
    pub is_ejected: bool,
    /// How often it was left out.
    pub ejections: u32,
}

impl<K: Hash + Eq + Clone, S> Endpoints<K, S> {
    /// An empty set whose instances are compared by `load`.
    ///
    /// # Panics
    ///
    /// If a field of `load` is zero, or its penalty is below what is taken for unknown latencies.
    #[must_use]
    pub fn new(load: Load) -> Self {
        load.check();
        let snapshot = Snapshot { all: Vec::new(), eligible: Vec::new() };
        let shared = Shared {
            load,
            ejection: None,
            slow_start: None,
            watch: Watch::default(),
            epoch: Epoch::new(),
            version: AtomicU64::new(1),
            next_return: AtomicU64::new(NEVER),
            snapshot: Mutex::new(Arc::new(snapshot)),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Leaves out instances that fail.
    ///
    /// # Panics
    ///
    /// If the set has been used already.
    #[must_use]
    pub fn ejection(mut self, ejection: Ejection) -> Self {
        self.plan("ejection").ejection = Some(ejection);
        self
    }

    /// Gives an instance that has come its share little by little, over `duration`.
    ///
    /// # Panics
    ///
    /// If `duration` is zero, or the set has been used already.
    #[must_use]
    pub fn slow_start(mut self, duration: Duration) -> Self {
        assert!(!duration.is_zero(), "`slow_start` is zero");
        self.plan("slow_start").slow_start = Some(duration);
        self
    }

    /// Tells `observer` which instances are left out.
    ///
    /// # Panics
    ///
    /// If the set has been used already.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.plan("observer").watch = Watch::new(observer);
        self
    }

    fn plan(&mut self, field: &str) -> &mut Shared<K, S> {
        match Arc::get_mut(&mut self.shared) {
            Some(shared) => shared,
            None => panic!("`{field}` is set before the set is used"),
        }
    }

    /// Adds an instance, or replaces the one with this key.
    pub fn insert(&self, key: K, service: S) {
        self.insert_weighted(key, service, 1.0);
    }

    /// Adds an instance that gets `weight` times the share of one with a weight of 1.
    ///
    /// # Panics
    ///
    /// If `weight` is not a number above zero.
    pub fn insert_weighted(&self, key: K, service: S, weight: f32) {
        let endpoint = Arc::new(self.shared.endpoint(key, service, weight));
        let mut snapshot = self.shared.lock();
        let others = snapshot.all.iter().filter(|other| other.key != endpoint.key).cloned();
        let all = others.chain([endpoint.clone()]).collect();
        let old = self.shared.replace(&mut snapshot, all);
        drop(snapshot);
        drop(old);
    }

    /// Removes an instance; calls under way go on. Says whether it was there.
    pub fn remove(&self, key: &K) -> bool {
        let mut snapshot = self.shared.lock();
        let all: Vec<_> = snapshot.all.iter().filter(|endpoint| endpoint.key != *key).cloned().collect();
        let is_removed = all.len() < snapshot.all.len();
        let old = self.shared.replace(&mut snapshot, all);
        drop(snapshot);
        drop(old);
        is_removed
    }

    /// Replaces the whole set at once. What is known of instances whose keys stay is kept, and so are their services.
    pub fn reset(&self, endpoints: impl IntoIterator<Item = (K, S)>) {
        let new: Vec<_> = endpoints
            .into_iter()
            .map(|(key, service)| Arc::new(self.shared.endpoint(key, service, 1.0)))
            .collect();
        let mut snapshot = self.shared.lock();
        let all = new
            .into_iter()
            .map(|new| snapshot.all.iter().find(|old| old.key == new.key).cloned().unwrap_or(new))
            .collect();
        let old = self.shared.replace(&mut snapshot, all);
        drop(snapshot);
        drop(old);
    }

    /// How many instances there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.lock().all.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is known of the instances.
    #[must_use]
    pub fn status(&self) -> Vec<(K, EndpointStatus)> {
        let snapshot = self.shared.lock().clone();
        let status = |endpoint: &Arc<Endpoint<K, S>>| EndpointStatus {
            pending: endpoint.meter.pending(),
            is_ejected: endpoint.is_out(),
            ejections: endpoint.ejections.load(Ordering::Relaxed),
        };
        snapshot.all.iter().map(|endpoint| (endpoint.key.clone(), status(endpoint))).collect()
    }
}

impl<K, S> Endpoints<K, S> {
    pub(super) fn shared(&self) -> &Arc<Shared<K, S>> {
        &self.shared
    }
}

impl<K, S> Shared<K, S> {
    fn lock(&self) -> MutexGuard<'_, Arc<Snapshot<K, S>>> {
        self.snapshot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether calls have something to tell when they end.
    #[inline]
    pub(super) const fn notes_calls(&self) -> bool {
        self.load.wants_time() || self.ejection.is_some()
    }

    pub(super) fn version(&self) -> u64 {
        // ORDERING: Relaxed: the snapshot itself is taken under the lock; a version seen late is a pick from the set
        // of a moment ago.
        self.version.load(Ordering::Relaxed)
    }

    pub(super) fn snapshot(&self) -> (u64, Arc<Snapshot<K, S>>) {
        let snapshot = self.lock();
        (self.version(), snapshot.clone())
    }

    fn endpoint(&self, key: K, service: S, weight: f32) -> Endpoint<K, S>
    where
        K: Hash,
    {
        assert!(weight > 0.0 && weight.is_finite(), "`weight` is {weight}, not a number above zero");
        let outcomes = self.ejection.as_ref().and_then(|ejection| ejection.rate);
        Endpoint {
            hash: hash_of(&key),
            key,
            service,
            weight,
            meter: Lease::new(),
            outcomes: outcomes.map(|_| Window::new(WINDOW)),
            failures: AtomicU32::new(0),
            start: AtomicU64::new(self.slow_start.map_or(0, |_| self.epoch.now())),
            out_until: AtomicU64::new(0),
            ejections: AtomicU32::new(0),
        }
    }

    /// Puts another set in place, and returns the old one, to be dropped without the lock.
    fn replace(
        &self,
        snapshot: &mut Arc<Snapshot<K, S>>,
        all: Vec<Arc<Endpoint<K, S>>>,
    ) -> Arc<Snapshot<K, S>> {
        let inside: Vec<_> = all.iter().filter(|endpoint| !endpoint.is_out()).cloned().collect();
        let panic_percent = self.ejection.as_ref().map_or(0, |ejection| ejection.panic_percent as usize);
        let is_panic = inside.is_empty() || inside.len() * 100 < all.len() * panic_percent;
        let eligible = if is_panic { all.clone() } else { inside };
        let returns = all.iter().map(|endpoint| endpoint.out_until.load(Ordering::Relaxed));
        self.next_return.store(returns.filter(|at| *at != 0).min().unwrap_or(NEVER), Ordering::Relaxed);
        let old = std::mem::replace(snapshot, Arc::new(Snapshot { all, eligible }));
        self.version.fetch_add(1, Ordering::Relaxed);
        old
    }

    /// Lets those back in whose time has come. Costs a load where nobody is out.
    #[inline]
    pub(super) fn let_back_in(&self) {
        let next = self.next_return.load(Ordering::Relaxed);
        if next != NEVER {
            self.let_back_in_after(next);
        }
    }

    #[cold]
    fn let_back_in_after(&self, next: u64) {
        let now = self.epoch.now();
        if now < next {
            return;
        }
        let mut snapshot = self.lock();
        let mut back = 0;
        for endpoint in &snapshot.all {
            let until = endpoint.out_until.load(Ordering::Relaxed);
            if until != 0 && until <= now {
                endpoint.out_until.store(0, Ordering::Relaxed);
                endpoint.failures.store(0, Ordering::Relaxed);
                endpoint.start.store(now, Ordering::Relaxed);
                back += 1;
            }
        }
        let all = snapshot.all.clone();
        let old = self.replace(&mut snapshot, all);
        drop(snapshot);
        drop(old);
        (0..back).for_each(|_| self.watch.tell(|| Event::Readmitted));
    }

    /// Takes the outcome of a call into account.
    pub(super) fn note_outcome(&self, endpoint: &Endpoint<K, S>, is_failure: bool) {
        let Some(ejection) = &self.ejection else { return };
        let counts = endpoint.outcomes.as_ref().and_then(|window| window.note(Counts::one(is_failure), 0, 0));
        if !is_failure {
            if endpoint.failures.load(Ordering::Relaxed) != 0 {
                endpoint.failures.store(0, Ordering::Relaxed);
            }
            return;
        }
        let in_a_row = endpoint.failures.fetch_add(1, Ordering::Relaxed) + 1;
        let is_over_rate = ejection.rate.zip(counts).is_some_and(|(rate, counts)| {
            counts.calls >= u64::from(ejection.calls_min)
                && counts.failures as f64 >= rate * counts.calls as f64
        });
        if (in_a_row >= ejection.in_a_row || is_over_rate) && !endpoint.is_out() {
            self.eject(ejection, endpoint);
        }
    }

    fn eject(&self, ejection: &Ejection, endpoint: &Endpoint<K, S>) {
        let mut snapshot = self.lock();
        let out = snapshot.all.iter().filter(|endpoint| endpoint.is_out()).count();
        let is_too_much = (out + 1) * 100 > snapshot.all.len() * ejection.max_percent as usize;
        let is_there = snapshot.all.iter().any(|other| std::ptr::eq(&**other, endpoint));
        if is_too_much || !is_there || endpoint.is_out() {
            return;
        }
        let times = endpoint.ejections.fetch_add(1, Ordering::Relaxed) + 1;
        let duration = ejection.duration.start().saturating_mul(times).min(*ejection.duration.end());
        endpoint.out_until.store(self.epoch.now().saturating_add(nanos(duration)).max(1), Ordering::Relaxed);
        if let Some(outcomes) = &endpoint.outcomes {
            outcomes.clear(0);
        }
        let all = snapshot.all.clone();
        let old = self.replace(&mut snapshot, all);
        drop(snapshot);
        drop(old);
        self.watch.tell(|| Event::Ejected);
    }
}

/// The same in every process, so that consistent hashing is consistent among them.
fn hash_of(key: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

impl<K, S> Clone for Endpoints<K, S> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<K: fmt::Debug, S> fmt::Debug for Endpoints<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let snapshot = self.shared.lock().clone();
        f.debug_list().entries(snapshot.all.iter().map(|endpoint| &endpoint.key)).finish()
    }
}
