//! A buffer on loan from a pool, at an address the kernel asks for.

use std::fmt;
use std::ops::{Deref, DerefMut};

use bytes::Bytes;

use super::{Pool, PooledBuf};

/// Memory that begins at a multiple of some number, for files opened with `O_DIRECT` and for buffers that are registered
/// with the kernel; it goes back to its [`Pool`] when it is dropped.
///
/// It dereferences to the bytes that were taken in. Room behind them is lent out by [`spare_mut`](Self::spare_mut),
/// and taken in by [`commit`](Self::commit).
///
/// ```
/// use minato_bytes_util::Pool;
/// use std::io::Read;
///
/// let mut buf = Pool::new().get_aligned(8192, 4096);
/// assert!(buf.spare_mut().as_ptr().addr().is_multiple_of(4096));
/// let read = (&b"blocks of a device"[..]).read(buf.spare_mut())?;
/// buf.commit(read);
/// assert_eq!(&buf[..6], b"blocks");
/// # std::io::Result::Ok(())
/// ```
pub struct AlignedBuf {
    /// All of it is initialised, as long as it is lent.
    memory: PooledBuf,
    /// Where in the memory the aligned part begins.
    start: usize,
    capacity: usize,
    len: usize,
}

impl AlignedBuf {
    /// How many bytes of memory an aligned part takes, wherever it begins.
    fn needed(capacity: usize, alignment: usize) -> usize {
        capacity.checked_add(alignment - 1).expect("a buffer is no longer than memory can be")
    }

    pub(super) fn new(pool: &Pool, capacity: usize, alignment: usize) -> Self {
        assert!(alignment.is_power_of_two(), "an alignment is a power of two, and {alignment} is not");
        let needed = Self::needed(capacity, alignment);
        let mut memory = pool.get_as_left(needed);
        // Memory that has been lent like this before is not zeroed again.
        memory.resize(needed, 0);
        let start = memory.as_ptr().addr().next_multiple_of(alignment) - memory.as_ptr().addr();
        Self { memory, start, capacity, len: 0 }
    }

    /// Bytes that it can hold.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The room behind the bytes taken in. What is in it is left over from before.
    pub fn spare_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..][self.len..self.capacity]
    }

    /// Takes in the first `count` bytes of [`spare_mut`](Self::spare_mut).
    ///
    /// # Panics
    ///
    /// If there are not so many.
    pub fn commit(&mut self, count: usize) {
        let spare = self.capacity - self.len;
        assert!(count <= spare, "commit of {count} bytes to a buffer with {spare} to spare");
        self.len += count;
    }

    /// Forgets the bytes taken in.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// The bytes taken in as `Bytes`, where they are; the memory goes back to the pool when the last clone is dropped.
    #[must_use]
    pub fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl Deref for AlignedBuf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.start..][..self.len]
    }
}

impl DerefMut for AlignedBuf {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..][..self.len]
    }
}

impl AsRef<[u8]> for AlignedBuf {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for AlignedBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlignedBuf").field("len", &self.len).field("capacity", &self.capacity).finish()
    }
}
