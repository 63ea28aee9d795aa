//! The layer of [`Bulkhead`], which owns the limits.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use tower_layer::Layer;

use super::Bulkhead;
use super::table::Table;
use crate::before_use::before_use;
use crate::limit::{Mode, Reject, Wait};
use crate::observe::{Observer, Watch};

/// A layer that bounds the calls of each key that run at once, over all services it makes.
pub struct BulkheadLayer<K, F, M = Reject> {
    table: Arc<Table<K>>,
    key: F,
    mode: M,
}

impl<K, F> BulkheadLayer<K, F> {
    /// At most `max` calls of each `key` at once; others are refused.
    ///
    /// # Panics
    ///
    /// If `max` is zero.
    #[must_use]
    pub fn rejecting<Request>(max: usize, key: F) -> Self
    where
        F: Fn(&Request) -> K,
    {
        Self { table: Arc::new(Table::new(max)), key, mode: Reject }
    }
}

impl<K, F> BulkheadLayer<K, F, Wait> {
    /// At most `max` calls of each `key` at once; others wait as `wait` says, whose bounds are those of each key.
    ///
    /// # Panics
    ///
    /// If `max` is zero, or `wait` lets nobody wait.
    #[must_use]
    pub fn waiting<Request>(max: usize, wait: Wait, key: F) -> Self
    where
        F: Fn(&Request) -> K,
    {
        wait.check();
        Self { table: Arc::new(Table::new(max)), key, mode: wait }
    }
}

impl<K, F, M> BulkheadLayer<K, F, M> {
    /// Keeps track of at most about `keys` keys at once, rounded up to a multiple of sixteen.
    ///
    /// # Panics
    ///
    /// If `keys` is zero, or the layer has been used already.
    #[must_use]
    pub fn keys_max(mut self, keys: usize) -> Self {
        assert!(keys > 0, "`keys_max` is zero: every call would be refused");
        before_use(&mut self.table, "keys_max").keys_max = keys;
        self
    }

    /// Tells `observer` what is refused, and how the limits change.
    ///
    /// # Panics
    ///
    /// If the layer has been used already.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        before_use(&mut self.table, "observer").watch = Watch::new(observer);
        self
    }

    /// Looks at the limits and changes them while calls run.
    #[must_use]
    pub fn handle(&self) -> BulkheadHandle<K> {
        BulkheadHandle { table: self.table.clone() }
    }
}

impl<K, F: Clone, M: Clone> Clone for BulkheadLayer<K, F, M> {
    fn clone(&self) -> Self {
        Self { table: self.table.clone(), key: self.key.clone(), mode: self.mode.clone() }
    }
}

impl<K, F, M: fmt::Debug> fmt::Debug for BulkheadLayer<K, F, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkheadLayer")
            .field("max", &self.table.max())
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

impl<S, K, F: Clone, M: Clone> Layer<S> for BulkheadLayer<K, F, M> {
    type Service = Bulkhead<S, K, F, M>;

    fn layer(&self, inner: S) -> Self::Service {
        Bulkhead::new(inner, self.table.clone(), self.key.clone(), self.mode.clone())
    }
}

/// Looks at the limits of bulkheads and changes them while calls run.
pub struct BulkheadHandle<K> {
    table: Arc<Table<K>>,
}

impl<K: Hash + Eq> BulkheadHandle<K> {
    /// How many calls of each key may run at once.
    #[must_use]
    pub fn max(&self) -> usize {
        self.table.max()
    }

    /// Changes how many calls of each key may run at once. Those that run are left alone.
    ///
    /// # Panics
    ///
    /// If `max` is zero.
    pub fn set_max(&self, max: usize) {
        self.table.set_max(max);
    }

    /// How many keys have calls.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.table.keys()
    }

    /// How many calls of a key run.
    #[must_use]
    pub fn in_flight(&self, key: &K) -> usize {
        self.table.limit_of(key).map_or(0, |limit| limit.in_flight())
    }

    /// How many calls of a key wait.
    #[must_use]
    pub fn waiting(&self, key: &K) -> usize {
        self.table.limit_of(key).map_or(0, |limit| limit.waiting())
    }
}

impl<K> Clone for BulkheadHandle<K> {
    fn clone(&self) -> Self {
        Self { table: self.table.clone() }
    }
}

impl<K> fmt::Debug for BulkheadHandle<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkheadHandle").field("max", &self.table.max()).finish_non_exhaustive()
    }
}
