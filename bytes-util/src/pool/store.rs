//! The pool, and the level that threads share.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use super::class::{CLASS_COUNT, Class};
use super::local::{self, Counters};
use super::{AlignedBuf, PooledBuf};
use crate::limits::POOL_IDLE_BYTES_MAX;

/// A bounded store of buffers from 512 bytes to 1 MiB.
///
/// A pool is for buffers that are large and short-lived: what it saves is page faults and zeroing, and it keeps the
/// memory of a burst bounded. Cloning gives another handle to the same memory.
///
/// Each thread keeps up to 256 KiB of the buffers it gave back, those of up to 64 KiB, and takes from them first; all
/// other memory is shared. Both are within one bound.
///
/// ```
/// use minato_bytes_util::Pool;
///
/// let pool = Pool::new();
/// let mut buf = pool.get(16 * 1024);
/// buf.resize(4096, b'x');
/// let frozen = buf.freeze();
/// assert_eq!(frozen.len(), 4096);
/// assert_eq!(pool.stats().idle_bytes, 0);
/// drop(frozen);
/// assert_eq!(pool.stats().idle_bytes, 16 * 1024);
/// ```
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

/// The shared level.
pub(super) struct Shared {
    classes: [Mutex<Vec<Vec<u8>>>; CLASS_COUNT],
    /// Bytes kept here, and bytes that threads may keep.
    committed: AtomicUsize,
    committed_max: usize,
    /// How often the pool was trimmed; threads look at it.
    trims: AtomicU64,
    threads: Mutex<Vec<Arc<Counters>>>,
    hits: AtomicU64,
    misses: AtomicU64,
    discards: AtomicU64,
}

/// What a pool has done and holds, as seen at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Bytes of memory kept for the next `get`, by this thread, by others, and shared.
    pub idle_bytes: usize,
    /// Buffers served from kept memory.
    pub hits: u64,
    /// Buffers that had to be allocated.
    pub misses: u64,
    /// Buffers that came back and were given to the allocator, because of the bound or of contention.
    pub discards: u64,
}

impl Pool {
    /// A pool that keeps at most 8 MiB of idle memory.
    #[must_use]
    pub fn new() -> Self {
        Self::with_idle_bytes_max(POOL_IDLE_BYTES_MAX)
    }

    /// A pool that keeps at most `idle_bytes_max` bytes of idle memory; zero keeps none.
    #[must_use]
    pub fn with_idle_bytes_max(idle_bytes_max: usize) -> Self {
        Self {
            shared: Arc::new(Shared {
                classes: std::array::from_fn(|_| Mutex::default()),
                committed: AtomicUsize::new(0),
                committed_max: idle_bytes_max,
                trims: AtomicU64::new(0),
                threads: Mutex::default(),
                hits: AtomicU64::new(0),
                misses: AtomicU64::new(0),
                discards: AtomicU64::new(0),
            }),
        }
    }

    /// An empty buffer with room for at least `capacity` bytes.
    ///
    /// Requests above 1 MiB are served by the allocator, and their memory is not kept.
    #[must_use]
    pub fn get(&self, capacity: usize) -> PooledBuf {
        let mut buf = self.get_as_left(capacity);
        buf.clear();
        buf
    }

    /// A buffer for `capacity` bytes that begins at a multiple of `alignment`, for `O_DIRECT` and registered buffers.
    ///
    /// Its memory is `alignment - 1` bytes longer, of the size class that holds so much. What was written to memory by its
    /// last user is in it: nothing is zeroed twice.
    ///
    /// # Panics
    ///
    /// If `alignment` is not a power of two.
    #[must_use]
    pub fn get_aligned(&self, capacity: usize, alignment: usize) -> AlignedBuf {
        AlignedBuf::new(self, capacity, alignment)
    }

    /// Memory for at least `capacity` bytes, with what its last user left in it.
    pub(super) fn get_as_left(&self, capacity: usize) -> PooledBuf {
        PooledBuf::new(self.take(capacity), self.clone())
    }

    /// What the pool has done and holds.
    #[must_use]
    pub fn stats(&self) -> PoolStats {
        let shared = &*self.shared;
        let mut stats = PoolStats {
            idle_bytes: 0,
            hits: shared.hits.load(Ordering::Relaxed),
            misses: shared.misses.load(Ordering::Relaxed),
            discards: shared.discards.load(Ordering::Relaxed),
        };
        for class in &shared.classes {
            let class = class.lock().unwrap_or_else(PoisonError::into_inner);
            stats.idle_bytes += class.iter().map(Vec::capacity).sum::<usize>();
        }
        for counters in &*shared.lock_threads() {
            stats.idle_bytes += counters.idle_bytes.load(Ordering::Relaxed);
            stats.hits += counters.hits.load(Ordering::Relaxed);
        }
        stats
    }

    /// Gives idle memory to the allocator: what is shared and what this thread keeps at once, what other threads keep
    /// when each of them next uses the pool, or ends.
    pub fn trim(&self) {
        let shared = &self.shared;
        shared.trims.fetch_add(1, Ordering::Relaxed);
        for class in &shared.classes {
            let idle = std::mem::take(&mut *class.lock().unwrap_or_else(PoisonError::into_inner));
            shared.uncommit(idle.iter().map(Vec::capacity).sum());
        }
        local::trim(shared);
    }

    fn take(&self, capacity: usize) -> Vec<u8> {
        let shared = &self.shared;
        let Some(class) = Class::holding(capacity) else {
            shared.misses.fetch_add(1, Ordering::Relaxed);
            return Vec::with_capacity(capacity);
        };
        if let Some(memory) = local::take(shared, class) {
            return memory;
        }
        match shared.try_class(class).and_then(|mut idle| idle.pop()) {
            Some(memory) => {
                shared.uncommit(memory.capacity());
                shared.hits.fetch_add(1, Ordering::Relaxed);
                memory
            }
            None => {
                shared.misses.fetch_add(1, Ordering::Relaxed);
                Vec::with_capacity(class.capacity())
            }
        }
    }

    /// Takes memory back, or drops it where that would break the bound.
    pub(super) fn put(&self, memory: Vec<u8>) {
        let bytes = memory.capacity();
        if bytes == 0 {
            return;
        }
        let kept = Class::filled_by(bytes).is_some_and(|class| {
            local::put(&self.shared, class, memory).or_else(|memory| self.shared.put(class, memory)).is_ok()
        });
        if !kept {
            self.shared.discards.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Shared {
    /// Reserves `bytes` of the bound.
    pub(super) fn commit(&self, bytes: usize) -> bool {
        let before = self.committed.fetch_add(bytes, Ordering::Relaxed);
        let fits = before.saturating_add(bytes) <= self.committed_max;
        if !fits {
            self.uncommit(bytes);
        }
        fits
    }

    pub(super) fn uncommit(&self, bytes: usize) {
        self.committed.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn trims(&self) -> u64 {
        self.trims.load(Ordering::Relaxed)
    }

    pub(super) fn add_thread(&self, counters: Arc<Counters>) {
        self.lock_threads().push(counters);
    }

    /// Forgets a thread that ends, but not what it counted.
    pub(super) fn remove_thread(&self, counters: &Arc<Counters>) {
        self.lock_threads().retain(|other| !Arc::ptr_eq(other, counters));
        self.hits.fetch_add(counters.hits.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    fn put(&self, class: Class, memory: Vec<u8>) -> Result<(), ()> {
        let bytes = memory.capacity();
        // INVARIANT: committed before the memory is stored, so that threads racing here cannot pass the bound together.
        if !self.commit(bytes) {
            return Err(());
        }
        if let Some(mut idle) = self.try_class(class) {
            idle.push(memory);
            return Ok(());
        }
        self.uncommit(bytes);
        Err(())
    }

    fn lock_threads(&self) -> MutexGuard<'_, Vec<Arc<Counters>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_class(&self, class: Class) -> Option<MutexGuard<'_, Vec<Vec<u8>>>> {
        match self.classes[class.index()].try_lock() {
            Ok(idle) => Some(idle),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl Default for Pool {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("idle_bytes_max", &self.shared.committed_max)
            .field("stats", &self.stats())
            .finish()
    }
}
