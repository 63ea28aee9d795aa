//! The idle memory of a pool, by size class.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use super::PooledBuf;
use crate::limits::{POOL_BUFFER_LEN_MAX, POOL_CLASS_LOG2_MAX, POOL_CLASS_LOG2_MIN, POOL_IDLE_BYTES_MAX};

const CLASS_COUNT: usize = (POOL_CLASS_LOG2_MAX - POOL_CLASS_LOG2_MIN + 1) as usize;

/// A bounded store of buffers from 512 bytes to 1 MiB.
///
/// A pool is for buffers that are large and short-lived: what it saves is page faults and zeroing, and it keeps the
/// memory of a burst bounded. Cloning gives another handle to the same memory.
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

struct Shared {
    classes: [Mutex<Vec<Vec<u8>>>; CLASS_COUNT],
    idle_bytes: AtomicUsize,
    idle_bytes_max: usize,
    hits: AtomicU64,
    misses: AtomicU64,
    discards: AtomicU64,
}

/// What a pool has done and holds, as seen at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Bytes of memory kept for the next `get`.
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
                idle_bytes: AtomicUsize::new(0),
                idle_bytes_max,
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
        PooledBuf::new(self.take(capacity), self.clone())
    }

    /// What the pool has done and holds.
    #[must_use]
    pub fn stats(&self) -> PoolStats {
        let shared = &*self.shared;
        PoolStats {
            idle_bytes: shared.idle_bytes.load(Ordering::Relaxed),
            hits: shared.hits.load(Ordering::Relaxed),
            misses: shared.misses.load(Ordering::Relaxed),
            discards: shared.discards.load(Ordering::Relaxed),
        }
    }

    /// Gives all idle memory to the allocator.
    pub fn trim(&self) {
        for class in &self.shared.classes {
            let idle = std::mem::take(&mut *class.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
            let bytes = idle.iter().map(Vec::capacity).sum();
            self.shared.idle_bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    fn take(&self, capacity: usize) -> Vec<u8> {
        let shared = &*self.shared;
        let Some(class) = class_holding(capacity) else {
            shared.misses.fetch_add(1, Ordering::Relaxed);
            return Vec::with_capacity(capacity);
        };
        let kept = shared.try_class(class).and_then(|mut idle| idle.pop());
        match kept {
            Some(memory) => {
                shared.idle_bytes.fetch_sub(memory.capacity(), Ordering::Relaxed);
                shared.hits.fetch_add(1, Ordering::Relaxed);
                memory
            }
            None => {
                shared.misses.fetch_add(1, Ordering::Relaxed);
                Vec::with_capacity(1 << (class as u32 + POOL_CLASS_LOG2_MIN))
            }
        }
    }

    /// Takes memory back, or drops it where that would break the bound.
    pub(super) fn put(&self, mut memory: Vec<u8>) {
        let shared = &*self.shared;
        let bytes = memory.capacity();
        let Some(class) = class_filled_by(bytes) else {
            shared.discards.fetch_add(u64::from(bytes > 0), Ordering::Relaxed);
            return;
        };
        // INVARIANT: counted before the memory is stored, so that threads racing here cannot pass the bound together.
        let before = shared.idle_bytes.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes <= shared.idle_bytes_max
            && let Some(mut idle) = shared.try_class(class)
        {
            memory.clear();
            idle.push(memory);
            return;
        }
        shared.idle_bytes.fetch_sub(bytes, Ordering::Relaxed);
        shared.discards.fetch_add(1, Ordering::Relaxed);
    }
}

impl Shared {
    fn try_class(&self, class: usize) -> Option<MutexGuard<'_, Vec<Vec<u8>>>> {
        match self.classes[class].try_lock() {
            Ok(idle) => Some(idle),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// The smallest class whose buffers hold `capacity` bytes.
fn class_holding(capacity: usize) -> Option<usize> {
    if capacity > POOL_BUFFER_LEN_MAX {
        return None;
    }
    let log2 = capacity.next_power_of_two().ilog2().max(POOL_CLASS_LOG2_MIN);
    Some((log2 - POOL_CLASS_LOG2_MIN) as usize)
}

/// The largest class whose promise `bytes` of memory keep.
fn class_filled_by(bytes: usize) -> Option<usize> {
    if bytes > POOL_BUFFER_LEN_MAX {
        return None;
    }
    let log2 = bytes.checked_ilog2()?;
    log2.checked_sub(POOL_CLASS_LOG2_MIN).map(|class| class as usize)
}

impl Default for Pool {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("idle_bytes_max", &self.shared.idle_bytes_max)
            .field("stats", &self.stats())
            .finish()
    }
}
