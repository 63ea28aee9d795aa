//! The buckets, by key.
//!
//! Invariants
//! 1. A key with calls that wait is in the table, with their number.
//! 2. A newcomer takes a place only where one is left for each call of its key that waits.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::Overloaded;
use crate::clock::Epoch;
use crate::error::OverloadReason;
use crate::limit::Wait;
use crate::limit::rate::gcra::{Bucket, Rate};
use crate::limit::rate::turn::{Source, is_too_long};
use crate::limits::{KEYED_WAITERS_MAX, KEYS_MAX};
use crate::shards::Shards;

/// One bucket for each key, all of the same rate.
///
/// A full bucket is as good as none, so those are forgotten when room is needed; where there is no room even then, the
/// call is refused.
pub(super) struct Table<K> {
    shards: Shards<Shard<K>>,
    pub(super) keys_max: usize,
    pub(super) waiters_max: usize,
    /// Calls of all keys that wait.
    waiting: AtomicUsize,
    pub(super) rate: Rate,
    epoch: Epoch,
}

struct Shard<K> {
    entries: HashMap<K, Entry>,
    /// Not to be searched for full buckets before: a flood of new keys pays for one search, not each for its own.
    next_sweep: u64,
}

struct Entry {
    bucket: Bucket,
    /// Calls that wait.
    waiting: usize,
}

impl<K> Default for Shard<K> {
    fn default() -> Self {
        Self { entries: HashMap::new(), next_sweep: 0 }
    }
}

/// Nanoseconds between two searches for full buckets.
const SWEEP_INTERVAL: u64 = 100_000_000;

/// A call that waits, with its key; counted until it is dropped.
pub(super) struct Seat<K: Hash + Eq> {
    table: Arc<Table<K>>,
    key: K,
}

impl<K> Table<K> {
    pub(super) fn new(num: u64, per: Duration) -> Self {
        Self {
            shards: Shards::new(),
            keys_max: KEYS_MAX,
            waiters_max: KEYED_WAITERS_MAX,
            waiting: AtomicUsize::new(0),
            rate: Rate::new(num, per),
            epoch: Epoch::new(),
        }
    }

    pub(super) fn keys(&self) -> usize {
        let mut keys = 0;
        self.shards.for_each(|shard| keys += shard.entries.len());
        keys
    }

    /// How many calls of all keys wait.
    pub(super) fn waiting_in_all(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

impl Entry {
    /// Takes a place for a newcomer, which comes after those who wait.
    fn try_take(&mut self, rate: &Rate, now: u64) -> Result<(), Duration> {
        self.bucket = rate.admit_behind(self.waiting, self.bucket, now)?;
        Ok(())
    }
}

impl<K: Hash + Eq> Table<K> {
    /// Looks at the entry of a key, which there may be no room for.
    fn with_entry<R>(&self, key: K, then: impl FnOnce(&mut Entry, u64) -> R) -> Result<R, Overloaded> {
        let now = self.epoch.now();
        // Keys are dropped without the lock.
        let mut swept = Vec::new();
        let mut shard = self.shards.lock(&key);
        if let Some(entry) = shard.entries.get_mut(&key) {
            return Ok(then(entry, now));
        }
        let room = self.shards.room(self.keys_max);
        if shard.entries.len() >= room && now >= shard.next_sweep {
            shard.next_sweep = now.saturating_add(SWEEP_INTERVAL);
            let is_idle = |_: &K, entry: &mut Entry| entry.waiting == 0 && entry.bucket.is_full(now);
            swept.extend(shard.entries.extract_if(is_idle));
        }
        if shard.entries.len() >= room {
            return Err(Overloaded::because(OverloadReason::Keys));
        }
        let mut entry = Entry { bucket: Bucket::FULL, waiting: 0 };
        let result = then(&mut entry, now);
        shard.entries.insert(key, entry);
        Ok(result)
    }

    /// Takes a place of a key. Where there is none, the refusal tells when there will be.
    pub(super) fn try_take(&self, key: K) -> Result<(), Overloaded> {
        let taken = self.with_entry(key, |entry, now| entry.try_take(&self.rate, now))?;
        taken.map_err(|wait| Overloaded::because(OverloadReason::Rate).retry_after(wait))
    }

    /// Takes a place of a key, or a seat to wait for one on, for as long as told.
    pub(super) fn take_or_wait(
        self: &Arc<Self>,
        key: K,
        mode: &Wait,
    ) -> Result<Option<(Seat<K>, Duration)>, Overloaded>
    where
        K: Clone,
    {
        let kept = key.clone();
        let wait = self.with_entry(key, |entry, now| {
            let Err(wait) = entry.try_take(&self.rate, now) else { return Ok(None) };
            let refusal = |reason| Err(Overloaded::because(reason).retry_after(wait));
            if is_too_long(mode, wait) {
                return refusal(OverloadReason::Rate);
            }
            if entry.waiting >= mode.waiters_max || !self.may_wait() {
                return refusal(OverloadReason::QueueFull);
            }
            entry.waiting += 1;
            Ok(Some(wait))
        })??;
        Ok(wait.map(|wait| (Seat { table: self.clone(), key: kept }, wait)))
    }

    /// Counts a call among all that wait, if there may be another.
    fn may_wait(&self) -> bool {
        let one_more = |waiting| (waiting < self.waiters_max).then_some(waiting + 1);
        self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok()
    }

    /// How many calls of a key wait.
    pub(super) fn waiting(&self, key: &K) -> usize {
        self.shards.lock(key).entries.get(key).map_or(0, |entry| entry.waiting)
    }
}

impl<K: Hash + Eq> Source for Seat<K> {
    fn try_take(&self) -> Result<(), Duration> {
        let table = &self.table;
        let now = table.epoch.now();
        if let Some(entry) = table.shards.lock(&self.key).entries.get_mut(&self.key) {
            entry.bucket = table.rate.admit(entry.bucket, now)?;
        }
        Ok(())
    }
}

impl<K: Hash + Eq> Drop for Seat<K> {
    fn drop(&mut self) {
        if let Some(entry) = self.table.shards.lock(&self.key).entries.get_mut(&self.key) {
            entry.waiting = entry.waiting.saturating_sub(1);
        }
        self.table.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
