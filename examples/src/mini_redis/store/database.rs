//! One key space, with expiry.
//!
//! Invariants
//! 1. `deadlines` has exactly one entry for each key that expires.
//! 2. No collection in `entries` is empty.
//! 3. A key that changes, comes or goes gets another version than any key had before.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use minato_runtime::time::Instant;

use super::Value;
use super::value::Kind;
use crate::mini_redis::fault::Fault;

type Key = Box<[u8]>;

/// One key space.
#[derive(Debug, Default)]
pub(in crate::mini_redis) struct Database {
    /// Ordered by index, so that SCAN can go on where it stopped.
    entries: IndexMap<Key, Entry>,
    deadlines: BTreeSet<(Instant, Key)>,
    versions: u64,
}

#[derive(Debug)]
struct Entry {
    value: Value,
    deadline: Option<Instant>,
    version: u64,
}

/// What happens to the deadline of a key whose value is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mini_redis) enum Deadline {
    Keep,
    None,
    At(Instant),
}

impl Database {
    fn live_index(&mut self, key: &[u8]) -> Option<usize> {
        let (index, _, entry) = self.entries.get_full(key)?;
        match entry.deadline {
            Some(deadline) if deadline <= Instant::now() => {
                self.remove_index(index);
                None
            }
            _ => Some(index),
        }
    }

    fn remove_index(&mut self, index: usize) -> Option<Value> {
        let (key, entry) = self.entries.swap_remove_index(index)?;
        if let Some(deadline) = entry.deadline {
            self.deadlines.remove(&(deadline, key));
        }
        Some(entry.value)
    }

    /// The value of a key that is there.
    pub(in crate::mini_redis) fn value(&mut self, key: &[u8]) -> Option<&Value> {
        let index = self.live_index(key)?;
        self.entries.get_index(index).map(|(_, entry)| &entry.value)
    }

    /// The value of a key, of the kind asked for.
    pub(in crate::mini_redis) fn get<K: Kind>(&mut self, key: &[u8]) -> Result<Option<&K>, Fault> {
        self.value(key).map(K::of).transpose()
    }

    /// Changes the value of a key, made first if `or_new`; a collection that is empty afterwards is gone, and so is a
    /// key that was made in vain.
    fn change<K: Kind, R>(
        &mut self,
        key: &[u8],
        or_new: bool,
        change: impl FnOnce(&mut K) -> Result<R, Fault>,
    ) -> Result<Option<R>, Fault> {
        let (index, is_new) = match self.live_index(key) {
            Some(index) => (index, false),
            None if or_new => {
                let entry = Entry { value: K::default().wrap(), deadline: None, version: 0 };
                (self.entries.insert_full(key.into(), entry).0, true)
            }
            None => return Ok(None),
        };
        let entry = &mut self.entries[index];
        let changed = K::of_mut(&mut entry.value).and_then(change);
        if changed.is_ok() {
            self.versions += 1;
            entry.version = self.versions;
        }
        if entry.value.is_empty_collection() || (is_new && changed.is_err()) {
            self.remove_index(index);
        }
        changed.map(Some)
    }

    /// Changes the value of a key that is there.
    pub(in crate::mini_redis) fn update<K: Kind, R>(
        &mut self,
        key: &[u8],
        change: impl FnOnce(&mut K) -> R,
    ) -> Result<Option<R>, Fault> {
        self.change(key, false, |value| Ok(change(value)))
    }

    /// Changes the value of a key, an empty one of its kind if it was not there.
    pub(in crate::mini_redis) fn upsert<K: Kind, R>(
        &mut self,
        key: &[u8],
        change: impl FnOnce(&mut K) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        let changed = self.change(key, true, change)?;
        Ok(changed.expect("the key is there or is made"))
    }

    /// Gives a key a value, whatever it had.
    pub(in crate::mini_redis) fn set(&mut self, key: &[u8], value: Value, deadline: Deadline) {
        self.versions += 1;
        let version = self.versions;
        let Some(index) = self.live_index(key) else {
            self.entries.insert(key.into(), Entry { value, deadline: None, version });
            if let Deadline::At(at) = deadline {
                self.set_deadline(key, Some(at));
            }
            return;
        };
        let entry = &mut self.entries[index];
        (entry.value, entry.version) = (value, version);
        match deadline {
            Deadline::Keep => {}
            Deadline::None if entry.deadline.is_none() => {}
            Deadline::None => drop(self.set_deadline(key, None)),
            Deadline::At(at) => drop(self.set_deadline(key, Some(at))),
        }
    }

    /// Lets a key expire at a time, or never; answers what it did before, `None` if it is not there.
    pub(in crate::mini_redis) fn set_deadline(
        &mut self,
        key: &[u8],
        deadline: Option<Instant>,
    ) -> Option<Option<Instant>> {
        let index = self.live_index(key)?;
        self.versions += 1;
        let (key, entry) = self.entries.get_index_mut(index)?;
        entry.version = self.versions;
        let before = std::mem::replace(&mut entry.deadline, deadline);
        if let Some(before) = before {
            self.deadlines.remove(&(before, key.clone()));
        }
        if let Some(deadline) = deadline {
            self.deadlines.insert((deadline, key.clone()));
        }
        Some(before)
    }

    /// When a key expires; `None` if it is not there.
    pub(in crate::mini_redis) fn deadline(&mut self, key: &[u8]) -> Option<Option<Instant>> {
        let index = self.live_index(key)?;
        self.entries.get_index(index).map(|(_, entry)| entry.deadline)
    }

    /// Drops a key; answers its value.
    pub(in crate::mini_redis) fn remove(&mut self, key: &[u8]) -> Option<Value> {
        let index = self.live_index(key)?;
        self.remove_index(index)
    }

    /// Moves the value and the deadline of a key that is there to another.
    pub(in crate::mini_redis) fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), Fault> {
        let deadline = self.deadline(from).ok_or(Fault::NO_SUCH_KEY)?;
        let value = self.remove(from).ok_or(Fault::NO_SUCH_KEY)?;
        self.set(to, value, deadline.map_or(Deadline::None, Deadline::At));
        Ok(())
    }

    /// Another number whenever the key has changed; zero where it is not there.
    pub(in crate::mini_redis) fn version(&mut self, key: &[u8]) -> u64 {
        match self.live_index(key) {
            Some(index) => self.entries[index].version,
            None => 0,
        }
    }

    /// Keys, of which some may have expired and not yet been purged.
    pub(in crate::mini_redis) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Keys that expire.
    pub(in crate::mini_redis) fn expiring_len(&self) -> usize {
        self.deadlines.len()
    }

    pub(in crate::mini_redis) fn clear(&mut self) {
        self.entries.clear();
        self.deadlines.clear();
    }

    /// The keys that are there.
    pub(in crate::mini_redis) fn keys(&self) -> impl Iterator<Item = (&[u8], &Value)> {
        let now = (!self.deadlines.is_empty()).then(Instant::now);
        self.entries.iter().filter_map(move |(key, entry)| {
            let is_live = entry.deadline.is_none_or(|deadline| now.is_some_and(|now| deadline > now));
            is_live.then_some((&key[..], &entry.value))
        })
    }

    /// Up to `count` keys of those before `cursor`, and the next cursor.
    ///
    /// A scan goes from the newest key to the oldest. Removing a key puts the newest one, which was seen, in its place:
    /// so every key that is there from start to end is seen, some perhaps twice.
    pub(in crate::mini_redis) fn scan(
        &self,
        cursor: usize,
        count: usize,
    ) -> (usize, impl Iterator<Item = (&[u8], &Value)>) {
        let end = if cursor == 0 { self.entries.len() } else { cursor.min(self.entries.len()) };
        let start = end.saturating_sub(count);
        let now = Instant::now();
        let keys = self.entries[start..end].iter().filter_map(move |(key, entry)| {
            let is_live = entry.deadline.is_none_or(|deadline| deadline > now);
            is_live.then_some((&key[..], &entry.value))
        });
        (start, keys)
    }

    pub(in crate::mini_redis) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Drops up to `max` keys that have expired; answers how many.
    pub(super) fn purge(&mut self, now: Instant, max: usize) -> usize {
        let mut purged = 0;
        while purged < max && self.next_deadline().is_some_and(|deadline| deadline <= now) {
            if let Some((_, key)) = self.deadlines.pop_first() {
                self.entries.swap_remove(&key);
                purged += 1;
            }
        }
        purged
    }
}
