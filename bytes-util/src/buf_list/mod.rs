//! A rope of `Bytes`.
//!
//! Large chunks are held by reference, small ones are copied together in a tail buffer, and the length is cached, so
//! that `remaining` costs nothing however many segments there are. `cutting.rs` takes lists apart, `searching.rs` looks
//! into them, `reading.rs` makes them a `Buf`, `cursor.rs` reads them from any position and takes nothing.
//!
//! Invariants
//! 1. No segment is empty. `front` is empty only where there are no segments.
//! 2. The order is `front`, `segments`, `tail`, and `len` is the sum of their lengths.

mod cursor;
mod cutting;
mod reading;
mod searching;

use alloc::collections::VecDeque;
use core::fmt;

use bytes::{Buf, Bytes, BytesMut};

use crate::limits::{COALESCE_LEN_MAX, TAIL_LEN_MAX};

pub use cursor::BufListCursor;

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

    /// Lends `fill` the open buffer at the end of the list, for encoders that write into a [`BytesMut`].
    ///
    /// What the buffer holds already are the last bytes of the list; whatever `fill` leaves there is what the list
    /// ends with. A long result becomes a segment, without being copied.
    ///
    /// ```
    /// use bytes::{Buf, BufMut, Bytes};
    /// use minato_bytes_util::BufList;
    ///
    /// let mut list = BufList::new();
    /// list.with_tail(|tail| tail.put_u16(2));
    /// list.with_tail(|tail| tail.put_slice(b"ab"));
    /// assert_eq!(list.len(), 4);
    /// assert_eq!(list.segment_count(), 1);
    /// ```
    pub fn with_tail<R>(&mut self, fill: impl FnOnce(&mut BytesMut) -> R) -> R {
        /// Counts the tail anew, also where `fill` panics.
        struct Lent<'a> {
            list: &'a mut BufList,
            before: usize,
        }
        impl Drop for Lent<'_> {
            fn drop(&mut self) {
                self.list.len = self.list.len - self.before + self.list.tail.len();
                if self.list.tail.len() > TAIL_LEN_MAX {
                    self.list.seal_tail();
                }
            }
        }
        let before = self.tail.len();
        let lent = Lent { list: self, before };
        fill(&mut lent.list.tail)
    }

    /// Gives an empty list memory for the small things to come; what it had is dropped.
    ///
    /// # Panics
    ///
    /// If the list or the buffer is not empty.
    pub fn set_spare(&mut self, memory: BytesMut) {
        assert!(self.is_empty() && memory.is_empty(), "spare memory is for an empty list, and holds nothing");
        self.tail = memory;
    }

    /// Whether the list has memory for small things already.
    #[must_use]
    pub fn has_spare(&self) -> bool {
        self.tail.capacity() > self.tail.len()
    }

    /// Takes the memory for small things away from an empty list; `None` if it has none, or is not empty.
    ///
    /// With [`set_spare`](Self::set_spare) this lets many lists that are mostly empty share few buffers.
    pub fn take_spare(&mut self) -> Option<BytesMut> {
        (self.is_empty() && self.tail.capacity() > 0).then(|| core::mem::take(&mut self.tail))
    }

    /// Puts `chunk` before everything else, by reference.
    pub fn push_front(&mut self, chunk: Bytes) {
        if chunk.is_empty() {
            return;
        }
        self.len += chunk.len();
        let second = core::mem::replace(&mut self.front, chunk);
        if !second.is_empty() {
            self.segments.push_front(second);
        }
    }

    /// Takes the first segment away, as it is; `None` if the list is empty.
    ///
    /// For consumers that take memory by the piece: nothing is copied, whatever the lengths are.
    pub fn pop_front(&mut self) -> Option<Bytes> {
        let segment =
            if self.front.is_empty() { self.tail.split().freeze() } else { core::mem::take(&mut self.front) };
        self.len -= segment.len();
        self.front = self.segments.pop_front().unwrap_or_default();
        (!segment.is_empty()).then_some(segment)
    }

    /// Moves every byte of `other` behind the bytes of this list.
    pub fn append(&mut self, other: BufList) {
        let Self { front, segments, tail, .. } = other;
        self.push(front);
        segments.into_iter().for_each(|segment| self.push(segment));
        self.push(tail.freeze());
    }

    /// The pieces of memory the list is made of, in order; none is empty.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> + Clone {
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
    fn next_front(&mut self) {
        self.front = self.segments.pop_front().unwrap_or_default();
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
