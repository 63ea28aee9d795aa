//! The idle memory of one thread, for each pool it uses.
//!
//! Invariants
//! 1. `bytes <= allowance <= POOL_THREAD_BYTES_MAX`, and the allowance is part of what the pool has committed.
//! 2. Only the thread writes its counters; anyone may read them.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use super::class::{CLASS_COUNT, Class};
use super::store::Shared;
use crate::limits::{POOL_THREAD_BUFFER_LEN_MAX, POOL_THREAD_BYTES_MAX, POOL_THREAD_POOLS_MAX};

thread_local! {
    static CACHES: RefCell<Vec<Cache>> = const { RefCell::new(Vec::new()) };
}

/// What a thread tells of its level.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) idle_bytes: AtomicUsize,
    pub(super) hits: AtomicU64,
}

struct Cache {
    /// Keeps the address from being used again, and nothing alive.
    shared: Weak<Shared>,
    counters: Arc<Counters>,
    classes: [Vec<Vec<u8>>; CLASS_COUNT],
    bytes: usize,
    allowance: usize,
    /// The pool's count of trims when this level last obeyed one.
    trims: u64,
}

/// Takes a buffer from the level of this thread.
pub(super) fn take(shared: &Arc<Shared>, class: Class) -> Option<Vec<u8>> {
    with_caches(|caches| {
        let cache = find(caches, shared)?;
        cache.obey_trims(shared);
        let memory = cache.classes[class.index()].pop()?;
        cache.set_bytes(cache.bytes - memory.capacity());
        let hits = cache.counters.hits.load(Ordering::Relaxed);
        cache.counters.hits.store(hits + 1, Ordering::Relaxed);
        Some(memory)
    })
    .flatten()
}

/// Leaves a buffer at the level of this thread, or gives it back where there is no room.
pub(super) fn put(shared: &Arc<Shared>, class: Class, memory: Vec<u8>) -> Result<(), Vec<u8>> {
    let bytes = memory.capacity();
    if bytes > POOL_THREAD_BUFFER_LEN_MAX {
        return Err(memory);
    }
    let mut memory = Some(memory);
    let _ = with_caches(|caches| {
        let cache = find_or_add(caches, shared)?;
        cache.obey_trims(shared);
        if cache.make_room(shared, bytes) {
            cache.classes[class.index()].extend(memory.take());
            cache.set_bytes(cache.bytes + bytes);
        }
        Some(())
    });
    memory.map_or(Ok(()), Err)
}

/// Gives what this thread holds to the allocator.
pub(super) fn trim(shared: &Arc<Shared>) {
    let _ = with_caches(|caches| find(caches, shared).map(|cache| cache.obey_trims(shared)));
}

/// Nothing, where the thread is ending. Nothing in `use_them` calls code that is not of this module.
fn with_caches<R>(use_them: impl FnOnce(&mut Vec<Cache>) -> R) -> Option<R> {
    CACHES.try_with(|caches| use_them(&mut caches.borrow_mut())).ok()
}

fn find<'a>(caches: &'a mut [Cache], shared: &Arc<Shared>) -> Option<&'a mut Cache> {
    caches.iter_mut().find(|cache| std::ptr::eq(cache.shared.as_ptr(), Arc::as_ptr(shared)))
}

fn find_or_add<'a>(caches: &'a mut Vec<Cache>, shared: &Arc<Shared>) -> Option<&'a mut Cache> {
    if find(caches, shared).is_none() {
        // The memory of pools that are no more goes now.
        caches.retain(|cache| cache.shared.strong_count() > 0);
        if caches.len() == POOL_THREAD_POOLS_MAX {
            return None;
        }
        caches.push(Cache::new(shared));
    }
    find(caches, shared)
}

impl Cache {
    fn new(shared: &Arc<Shared>) -> Self {
        let counters = Arc::new(Counters::default());
        shared.add_thread(Arc::clone(&counters));
        Self {
            shared: Arc::downgrade(shared),
            counters,
            classes: std::array::from_fn(|_| Vec::new()),
            bytes: 0,
            allowance: 0,
            trims: shared.trims(),
        }
    }

    /// Whether `bytes` more may be kept here.
    fn make_room(&mut self, shared: &Shared, bytes: usize) -> bool {
        let wanted = self.bytes + bytes;
        if wanted <= self.allowance {
            return true;
        }
        let more = wanted - self.allowance;
        if wanted > POOL_THREAD_BYTES_MAX || !shared.commit(more) {
            return false;
        }
        self.allowance = wanted;
        true
    }

    fn set_bytes(&mut self, bytes: usize) {
        self.bytes = bytes;
        self.counters.idle_bytes.store(bytes, Ordering::Relaxed);
    }

    fn obey_trims(&mut self, shared: &Shared) {
        let trims = shared.trims();
        if self.trims != trims {
            self.trims = trims;
            self.classes.iter_mut().for_each(|class| *class = Vec::new());
            self.set_bytes(0);
            shared.uncommit(std::mem::take(&mut self.allowance));
        }
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            self.set_bytes(0);
            shared.uncommit(self.allowance);
            shared.remove_thread(&self.counters);
        }
    }
}
