//! The limits, by key.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::OverloadReason;
use crate::limit::permits::{Limit, check};
use crate::limits::KEYS_MAX;
use crate::observe::{Event, Watch};
use crate::shards::Shards;

pub(super) struct Table<K> {
    shards: Shards<HashMap<K, Entry>>,
    pub(super) keys_max: usize,
    max: AtomicUsize,
    pub(super) watch: Watch,
}

struct Entry {
    limit: Arc<Limit>,
    /// Calls that use it, those that wait among them.
    seats: usize,
}

/// A call's claim to the limit of its key, which is forgotten with the last claim.
pub(super) struct Seat<K: Hash + Eq> {
    table: Arc<Table<K>>,
    key: K,
    pub(super) limit: Arc<Limit>,
}

impl<K> Table<K> {
    pub(super) fn new(max: usize) -> Self {
        check(max);
        Self {
            shards: Shards::new(),
            keys_max: KEYS_MAX,
            max: AtomicUsize::new(max),
            watch: Watch::default(),
        }
    }

    pub(super) fn max(&self) -> usize {
        self.max.load(Ordering::Relaxed)
    }
}

impl<K: Hash + Eq> Table<K> {
    /// The limit of a key, which there may be no room to keep track of.
    pub(super) fn take_seat(self: &Arc<Self>, key: K) -> Result<Seat<K>, OverloadReason>
    where
        K: Clone,
    {
        let kept = key.clone();
        let mut entries = self.shards.lock(&key);
        if let Some(entry) = entries.get_mut(&key) {
            entry.seats += 1;
            let limit = entry.limit.clone();
            drop(entries);
            return Ok(Seat { table: self.clone(), key, limit });
        }
        if entries.len() >= self.shards.room(self.keys_max) {
            drop(entries);
            self.watch.tell(|| Event::Refused { reason: OverloadReason::Keys });
            return Err(OverloadReason::Keys);
        }
        let mut limit = Limit::new(self.max());
        limit.watch = self.watch.clone();
        let limit = Arc::new(limit);
        entries.insert(kept, Entry { limit: limit.clone(), seats: 1 });
        drop(entries);
        Ok(Seat { table: self.clone(), key, limit })
    }

    pub(super) fn limit_of(&self, key: &K) -> Option<Arc<Limit>> {
        self.shards.lock(key).get(key).map(|entry| entry.limit.clone())
    }

    pub(super) fn keys(&self) -> usize {
        let mut keys = 0;
        self.shards.for_each(|entries| keys += entries.len());
        keys
    }

    pub(super) fn set_max(&self, max: usize) {
        check(max);
        self.max.store(max, Ordering::Relaxed);
        let mut limits = Vec::new();
        self.shards.for_each(|entries| limits.extend(entries.values().map(|entry| entry.limit.clone())));
        // Without the locks: those who wait are woken, and an observer is told.
        limits.iter().for_each(|limit| limit.set_max(max));
    }
}

impl<K: Hash + Eq> Drop for Seat<K> {
    fn drop(&mut self) {
        let mut entries = self.table.shards.lock(&self.key);
        let Some(entry) = entries.get_mut(&self.key) else { return };
        entry.seats -= 1;
        let removed = if entry.seats == 0 { entries.remove_entry(&self.key) } else { None };
        drop(entries);
        drop(removed);
    }
}
