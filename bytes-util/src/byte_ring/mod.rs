//! A ring of bytes.
//!
//! What comes in at one end and leaves at the other, in memory that is used again and again: nothing is moved, as it is in a
//! buffer that is written behind and read in front. `transfer.rs` is the ring in the words of `bytes` and of `std::io`.
//!
//! Invariants
//! 1. `len <= memory.len() <= capacity_max`.
//! 2. `start < memory.len()`, or both are zero; an empty ring starts at zero, so that what comes next is in one piece.
//! 3. All of the memory is initialised, so that spare room can be lent to whoever reads into slices, without `unsafe`.

mod transfer;

use alloc::vec::Vec;
use core::fmt;

use crate::limits::RING_LEN_MAX;

/// A queue of bytes in a ring of memory, of a fixed size or growing up to one.
///
/// It is a [`Buf`](bytes::Buf), and with the feature `std` also `Read`, `BufRead` and `Write`. To receive into it without a
/// copy, lend out [`spare_slices`](Self::spare_slices) and [`commit`](Self::commit) what was written there.
///
/// ```
/// use bytes::Buf;
/// use minato_bytes_util::ByteRing;
///
/// let mut ring = ByteRing::bounded(8);
/// ring.push_slice(b"abcdef")?;
/// ring.advance(4);
/// ring.push_slice(b"ghijkl")?;
/// assert_eq!(ring.as_slices(), (&b"efgh"[..], &b"ijkl"[..]));
/// assert_eq!(ring.push_slice(b"m").unwrap_err().room(), 0);
/// # Ok::<(), minato_bytes_util::RingFull>(())
/// ```
#[derive(Clone)]
pub struct ByteRing {
    memory: Vec<u8>,
    /// Where the first byte is.
    start: usize,
    len: usize,
    capacity_max: usize,
}

impl ByteRing {
    /// A ring that grows up to 1 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self::growing(RING_LEN_MAX)
    }

    /// A ring that holds `capacity` bytes, allocated now.
    #[must_use]
    pub fn bounded(capacity: usize) -> Self {
        Self { memory: alloc::vec![0; capacity], start: 0, len: 0, capacity_max: capacity }
    }

    /// A ring that holds nothing yet and grows as it is filled, up to `capacity_max` bytes.
    #[must_use]
    pub const fn growing(capacity_max: usize) -> Self {
        Self { memory: Vec::new(), start: 0, len: 0, capacity_max }
    }

    /// Bytes in the ring.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of memory that it has now.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.memory.len()
    }

    /// Bytes that it can hold at most.
    #[must_use]
    pub const fn capacity_max(&self) -> usize {
        self.capacity_max
    }

    /// Bytes that can still be put in.
    #[must_use]
    pub const fn room(&self) -> usize {
        self.capacity_max - self.len
    }

    /// Puts in all of `bytes`, or none of them.
    ///
    /// # Errors
    ///
    /// If there is no room for all.
    pub fn push_slice(&mut self, bytes: &[u8]) -> Result<(), RingFull> {
        if bytes.len() > self.room() {
            return Err(RingFull { room: self.room() });
        }
        self.push_some(bytes);
        Ok(())
    }

    /// Puts in as many of the first of `bytes` as there is room for, and answers how many.
    pub fn push_some(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room());
        let bytes = &bytes[..count];
        self.reserve(count);
        let (front, back) = self.spare_slices();
        let (to_front, to_back) = bytes.split_at(count.min(front.len()));
        front[..to_front.len()].copy_from_slice(to_front);
        back[..to_back.len()].copy_from_slice(to_back);
        self.commit(count);
        count
    }

    /// The bytes in their order, in two pieces.
    #[must_use]
    pub fn as_slices(&self) -> (&[u8], &[u8]) {
        let behind = self.memory.len() - self.start;
        let front = self.len.min(behind);
        (&self.memory[self.start..][..front], &self.memory[..self.len - front])
    }

    /// The memory behind the bytes, in two pieces in their order, to be written and then [committed](Self::commit).
    ///
    /// What is in it is left over from before. It is what the ring has now: [`reserve`](Self::reserve) makes it larger.
    pub fn spare_slices(&mut self) -> (&mut [u8], &mut [u8]) {
        let capacity = self.memory.len();
        match self.start + self.len {
            // Behind the bytes, and then in front of them.
            end if end < capacity => {
                let (front, back) = self.memory.split_at_mut(end);
                (back, &mut front[..self.start])
            }
            end => (&mut self.memory[end - capacity..self.start], &mut []),
        }
    }

    /// Takes in the first `count` bytes of [`spare_slices`](Self::spare_slices).
    ///
    /// # Panics
    ///
    /// If there are not so many.
    pub fn commit(&mut self, count: usize) {
        let spare = self.memory.len() - self.len;
        assert!(count <= spare, "commit of {count} bytes to a ring with {spare} to spare");
        self.len += count;
    }

    /// Makes memory for `additional` more bytes, or as many as there is room for; at least twice of what was there.
    pub fn reserve(&mut self, additional: usize) {
        let wanted = self.len + additional.min(self.room());
        let capacity = self.memory.len();
        if wanted > capacity {
            self.resize(wanted.max(capacity.saturating_mul(2)).min(self.capacity_max));
        }
    }

    /// Gives back the memory that the bytes do not need; all of it, when there are none.
    pub fn shrink_to_fit(&mut self) {
        if self.len < self.memory.len() {
            self.resize(self.len);
        }
    }

    /// Forgets all bytes, and keeps the memory.
    pub fn clear(&mut self) {
        self.start = 0;
        self.len = 0;
    }

    /// The bytes in one piece; moves them if they are in two.
    pub fn make_contiguous(&mut self) -> &mut [u8] {
        if self.start + self.len > self.memory.len() {
            self.memory.rotate_left(self.start);
            self.start = 0;
        }
        &mut self.memory[self.start..][..self.len]
    }

    /// Moves to other memory, which is large enough.
    fn resize(&mut self, capacity: usize) {
        let mut memory = alloc::vec![0; capacity];
        let (front, back) = self.as_slices();
        memory[..front.len()].copy_from_slice(front);
        memory[front.len()..self.len].copy_from_slice(back);
        self.memory = memory;
        self.start = 0;
    }

    /// Takes `count` bytes off the front; there are as many.
    fn drop_front(&mut self, count: usize) {
        self.len -= count;
        self.start += count;
        if self.start >= self.memory.len() {
            self.start -= self.memory.len();
        }
        if self.len == 0 {
            self.start = 0;
        }
    }
}

impl Default for ByteRing {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ByteRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteRing")
            .field("len", &self.len)
            .field("capacity", &self.memory.len())
            .field("capacity_max", &self.capacity_max)
            .finish()
    }
}

/// A ring has no room for what was to be put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingFull {
    room: usize,
}

impl RingFull {
    /// How many bytes it has room for.
    #[must_use]
    pub const fn room(&self) -> usize {
        self.room
    }
}

impl fmt::Display for RingFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the ring has room for {} more bytes only", self.room)
    }
}

impl core::error::Error for RingFull {}
