//! A table in parts, each with a lock of its own, so that callers with different keys seldom meet.

use std::hash::{BuildHasher, Hash, RandomState};

use crate::limits::KEY_SHARDS;
use crate::shim::{Mutex, MutexGuard};

pub(crate) struct Shards<T> {
    shards: Vec<Mutex<T>>,
    hasher: RandomState,
}

impl<T: Default> Shards<T> {
    pub(crate) fn new() -> Self {
        let shards = (0..KEY_SHARDS).map(|_| Mutex::new(T::default())).collect();
        Self { shards, hasher: RandomState::new() }
    }
}

impl<T> Shards<T> {
    /// The part that `key` belongs to.
    pub(crate) fn lock(&self, key: &impl Hash) -> MutexGuard<'_, T> {
        let index = self.hasher.hash_one(key) as usize % self.shards.len();
        self.lock_part(&self.shards[index])
    }

    /// All parts, one after another.
    pub(crate) fn for_each(&self, mut function: impl FnMut(&mut T)) {
        self.shards.iter().for_each(|shard| function(&mut self.lock_part(shard)));
    }

    /// What fits into each part of a table of `most`.
    pub(crate) fn room(&self, most: usize) -> usize {
        most.div_ceil(self.shards.len())
    }

    fn lock_part<'a>(&self, shard: &'a Mutex<T>) -> MutexGuard<'a, T> {
        shard.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
