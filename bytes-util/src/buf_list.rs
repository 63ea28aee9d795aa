//! A rope of `Bytes`.
//!
//! Large chunks are held by reference, small ones are copied together in a tail buffer, and the length is cached, so
//! that `remaining` costs nothing however many segments there are.
//!
//! Invariants
//! 1. No segment is empty. `front` is empty only where there are no segments.
//! 2. The order is `front`, `segments`, `tail`, and `len` is the sum of their lengths.

use std::collections::VecDeque;
use std::fmt;
use std::io::IoSlice;
use std::ops::{Bound, RangeBounds};

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::limits::{COALESCE_LEN_MAX, TAIL_LEN_MAX};

/// A list of byte chunks that reads as one buffer.
///
/// Pushing a chunk longer than a kilobyte keeps it by reference; shorter ones are copied behind their predecessor, so
/// a thousand tiny chunks are a few segments. Reading is by [`Buf`]: [`copy_to_bytes`](Buf::copy_to_bytes) does not copy
/// when the wanted bytes lie in one segment, and [`chunks_vectored`](Buf::chunks_vectored) exports every segment for a
/// vectored write.
///
/// ```
/// use bytes::{Buf, Bytes};
/// use minato_bytes_util::BufList;
///
/// let mut list = BufList::new();
/// list.push(Bytes::from_static(b"hello "));
/// list.push(Bytes::from_static(b"world\n"));
/// assert_eq!(list.remaining(), 12);
/// assert_eq!(list.find(b'\n'), Some(11));
///
/// let line = list.split_to(11).into_bytes();
/// assert_eq!(line, "hello world");
/// assert_eq!(list.chunk(), b"\n");
/// ```
#[derive(Clone, Default)]
pub struct BufList {
    /// The first chunk, held here so that a list of one, which most are, owns no memory.
    front: Bytes,
    segments: VecDeque<Bytes>,
    tail: BytesMut,
    len: usize,
}

impl BufList {
    /// An empty list, which owns no memory yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of bytes in the list.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the list holds no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of separate pieces of memory the list is made of.
    #[must_use]
    pub fn segment_count(&self) -> usize {
        usize::from(!self.front.is_empty()) + self.segments.len() + usize::from(!self.tail.is_empty())
    }

    /// Appends `chunk`: by reference where it is large or the first one, else by a copy behind its predecessor.
    pub fn push(&mut self, chunk: Bytes) {
        if chunk.is_empty() {
            return;
        }
        if chunk.len() <= COALESCE_LEN_MAX && self.len > 0 {
            return self.push_slice(&chunk);
        }
        self.seal_tail();
        self.len += chunk.len();
        self.push_segment(chunk);
    }

    /// Appends a copy of `bytes`.
    pub fn push_slice(&mut self, bytes: &[u8]) {
        if bytes.len() > TAIL_LEN_MAX {
            self.seal_tail();
            self.len += bytes.len();
            self.push_segment(Bytes::copy_from_slice(bytes));
            return;
        }
        if self.tail.len() + bytes.len() > TAIL_LEN_MAX {
            self.seal_tail();
        }
        self.tail.extend_from_slice(bytes);
        self.len += bytes.len();
    }

    /// Puts `chunk` before everything else, by reference.
    pub fn push_front(&mut self, chunk: Bytes) {
        if chunk.is_empty() {
            return;
        }
        self.len += chunk.len();
        let second = std::mem::replace(&mut self.front, chunk);
        if !second.is_empty() {
            self.segments.push_front(second);
        }
    }

    /// Moves every byte of `other` behind the bytes of this list.
    pub fn append(&mut self, other: BufList) {
        let Self { front, segments, tail, .. } = other;
        self.push(front);
        segments.into_iter().for_each(|segment| self.push(segment));
        self.push(tail.freeze());
    }

    /// Takes the first `at` bytes away as a list of their own, without copying.
    ///
    /// # Panics
    ///
    /// If the list is shorter than `at`.
    #[must_use = "the bytes are no longer in this list"]
    pub fn split_to(&mut self, at: usize) -> BufList {
        let rest = self.split_off(at);
        std::mem::replace(self, rest)
    }

    /// Takes everything behind the first `at` bytes away as a list of its own, without copying.
    ///
    /// # Panics
    ///
    /// If the list is shorter than `at`.
    #[must_use = "the bytes are no longer in this list"]
    pub fn split_off(&mut self, at: usize) -> BufList {
        assert!(at <= self.len, "split at {at} of a list of {} bytes", self.len);
        let mut rest = BufList { len: self.len - at, ..BufList::new() };
        self.len = at;
        if at < self.front.len() {
            rest.front = self.front.split_off(at);
            rest.segments = std::mem::take(&mut self.segments);
            rest.tail = std::mem::take(&mut self.tail);
            return rest;
        }
        let mut kept = self.front.len();
        let index = self.segments.iter().position(|segment| {
            kept += segment.len();
            kept > at
        });
        let Some(index) = index else {
            rest.tail = self.tail.split_off(at - kept);
            return rest;
        };
        rest.segments = self.segments.split_off(index);
        rest.front = rest.segments.pop_front().unwrap_or_default();
        rest.tail = std::mem::take(&mut self.tail);
        let head = rest.front.split_to(rest.front.len() - (kept - at));
        if !head.is_empty() {
            self.segments.push_back(head);
        }
        rest
    }

    /// Drops everything behind the first `len` bytes. Does nothing to a shorter list.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len {
            drop(self.split_off(len));
        }
    }

    /// A view of a part of the list: large segments are shared, not copied.
    ///
    /// # Panics
    ///
    /// If the range does not lie within the list.
    #[must_use]
    pub fn slice(&self, range: impl RangeBounds<usize>) -> BufList {
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&start) => start + 1,
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&end) => end + 1,
            Bound::Excluded(&end) => end,
            Bound::Unbounded => self.len,
        };
        assert!(start <= end && end <= self.len, "range {start}..{end} of a list of {} bytes", self.len);
        let mut view = BufList::new();
        let mut offset = 0;
        let within = |offset: usize, len: usize| {
            (start.clamp(offset, offset + len) - offset)..(end.clamp(offset, offset + len) - offset)
        };
        for segment in std::iter::once(&self.front).chain(&self.segments) {
            view.push(segment.slice(within(offset, segment.len())));
            offset += segment.len();
        }
        view.push_slice(&self.tail[within(offset, self.tail.len())]);
        view
    }

    /// The position of the first `byte`.
    #[must_use]
    pub fn find(&self, byte: u8) -> Option<usize> {
        let mut offset = 0;
        for segment in self.iter() {
            if let Some(at) = memchr::memchr(byte, segment) {
                return Some(offset + at);
            }
            offset += segment.len();
        }
        None
    }

    /// Copies the first bytes into `to` without taking them, and says how many there were.
    pub fn peek(&self, to: &mut [u8]) -> usize {
        let mut filled = 0;
        for segment in self.iter() {
            let len = segment.len().min(to.len() - filled);
            to[filled..filled + len].copy_from_slice(&segment[..len]);
            filled += len;
            if filled == to.len() {
                break;
            }
        }
        filled
    }

    /// The pieces of memory the list is made of, in order; none is empty.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let front = (!self.front.is_empty()).then_some(&self.front[..]);
        let tail = (!self.tail.is_empty()).then_some(&self.tail[..]);
        front.into_iter().chain(self.segments.iter().map(|segment| &segment[..])).chain(tail)
    }

    /// The whole list as one `Bytes`, copied only where there is more than one segment.
    #[must_use]
    pub fn into_bytes(mut self) -> Bytes {
        self.copy_to_bytes(self.len)
    }

    /// Drops every byte.
    pub fn clear(&mut self) {
        self.front.clear();
        self.segments.clear();
        self.tail.clear();
        self.len = 0;
    }

    /// Makes the tail a segment, so that something else can come last.
    fn seal_tail(&mut self) {
        if !self.tail.is_empty() {
            let sealed = self.tail.split().freeze();
            self.push_segment(sealed);
        }
    }

    /// Appends a segment that is not empty, behind an empty tail. The length is the caller's to count.
    fn push_segment(&mut self, segment: Bytes) {
        if self.front.is_empty() {
            self.front = segment;
        } else {
            self.segments.push_back(segment);
        }
    }

    /// Forgets the front, which was used up, and moves the next segment there.
    fn pop_front(&mut self) {
        self.front = self.segments.pop_front().unwrap_or_default();
    }
}

impl Buf for BufList {
    fn remaining(&self) -> usize {
        self.len
    }

    fn has_remaining(&self) -> bool {
        self.len > 0
    }

    fn chunk(&self) -> &[u8] {
        if self.front.is_empty() { &self.tail } else { &self.front }
    }

    fn chunks_vectored<'a>(&'a self, to: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        for (slot, segment) in to.iter_mut().zip(self.iter()) {
            *slot = IoSlice::new(segment);
            filled += 1;
        }
        filled
    }

    fn advance(&mut self, mut count: usize) {
        assert!(count <= self.len, "advance by {count} in a list of {} bytes", self.len);
        self.len -= count;
        while !self.front.is_empty() {
            if count < self.front.len() {
                return self.front.advance(count);
            }
            count -= self.front.len();
            self.pop_front();
        }
        self.tail.advance(count);
    }

    fn copy_to_bytes(&mut self, len: usize) -> Bytes {
        assert!(len <= self.len, "copy of {len} bytes from a list of {} bytes", self.len);
        if len == 0 {
            return Bytes::new();
        }
        let is_split = len > self.front.len() && !self.front.is_empty();
        if is_split {
            let mut copy = BytesMut::with_capacity(len);
            copy.put(self.take(len));
            return copy.freeze();
        }
        self.len -= len;
        if self.front.is_empty() {
            return self.tail.split_to(len).freeze();
        }
        let bytes = self.front.split_to(len);
        if self.front.is_empty() {
            self.pop_front();
        }
        bytes
    }
}

impl From<Bytes> for BufList {
    fn from(chunk: Bytes) -> Self {
        let mut list = Self::new();
        list.push(chunk);
        list
    }
}

impl Extend<Bytes> for BufList {
    fn extend<I: IntoIterator<Item = Bytes>>(&mut self, chunks: I) {
        chunks.into_iter().for_each(|chunk| self.push(chunk));
    }
}

impl FromIterator<Bytes> for BufList {
    fn from_iter<I: IntoIterator<Item = Bytes>>(chunks: I) -> Self {
        let mut list = Self::new();
        list.extend(chunks);
        list
    }
}

impl fmt::Debug for BufList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufList").field("len", &self.len).field("segments", &self.segment_count()).finish()
    }
}
