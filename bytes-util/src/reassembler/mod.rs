//! A stream from ranges that arrive in any order.
//!
//! `ready` are the bytes that can be read; `runs` what lies behind a gap. `merging.rs` takes ranges in, `error.rs` says
//! which it does not take.
//!
//! Invariants
//! 1. `runs` begin behind the end of `ready`, are not empty and do not overlap.
//! 2. Where a run begins where another ends, it is longer than `COALESCE_LEN_MAX`: there are at most as many runs as
//!    gaps, and one for each kilobyte held.
//! 3. `gaps` counts the runs that do not begin where another ends.
//! 4. `held` is the sum of the lengths of `ready` and `runs`; nothing held lies `window` bytes or more behind `offset`.

mod error;
mod merging;

use alloc::collections::BTreeMap;
use core::ops::Range;
#[cfg(feature = "std")]
use std::io::IoSlice;

use bytes::{Buf, Bytes};

pub use error::{ReassemblyError, ReassemblyErrorKind};

use crate::BufList;
use crate::limits::{REASSEMBLY_GAPS_MAX, REASSEMBLY_WINDOW_LEN};

/// Puts a stream together from ranges of it that arrive in any order, twice, and overlapping.
///
/// What can be read is read by [`Buf`], or by [`pop`](Self::pop) piece by piece. Every way to cut, order and repeat the
/// same stream reads the same. Bytes that contradict bytes which are held are an error
/// ([`Conflict`](ReassemblyErrorKind::Conflict)), and nothing of their range is taken; bytes that were read already are
/// ignored, whatever they are. So no two readers of the same ranges ever see different streams: one sees the bytes that
/// came first, or an error.
///
/// Memory is bounded by the window, which is how far behind the reading position a range may end (1 MiB), and by the
/// number of gaps (256). Ranges up to a kilobyte that wait behind a gap are copied together; longer ones are kept by
/// reference, and keep the buffer they are part of. Nothing is allocated for what has not arrived.
///
/// ```
/// use bytes::{Buf, Bytes};
/// use minato_bytes_util::Reassembler;
///
/// let mut stream = Reassembler::new();
/// stream.insert(6, Bytes::from_static(b"world"))?;
/// assert_eq!((stream.remaining(), stream.gap_count()), (0, 1));
/// stream.insert(3, Bytes::from_static(b"lo wor"))?;
/// assert_eq!(stream.missing().next(), Some(0..3));
///
/// stream.insert(0, Bytes::from_static(b"hello"))?;
/// assert_eq!(stream.copy_to_bytes(11), "hello world");
/// assert_eq!(stream.offset(), 11);
/// # Ok::<(), minato_bytes_util::ReassemblyError>(())
/// ```
#[derive(Debug)]
pub struct Reassembler {
    ready: BufList,
    /// What lies behind the first gap, by where it begins.
    runs: BTreeMap<u64, BufList>,
    /// Where `ready` begins: bytes that were read.
    offset: u64,
    held: usize,
    gaps: usize,
    window: usize,
    gaps_max: usize,
}

impl Default for Reassembler {
    fn default() -> Self {
        Self::with_limits(REASSEMBLY_WINDOW_LEN, REASSEMBLY_GAPS_MAX)
    }
}

impl Reassembler {
    /// A stream of which nothing has arrived, with the usual limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A stream that takes ranges which end at most `window` bytes behind the reading position, and leave at most
    /// `gaps_max` gaps.
    #[must_use]
    pub fn with_limits(window: usize, gaps_max: usize) -> Self {
        Self { ready: BufList::new(), runs: BTreeMap::new(), offset: 0, held: 0, gaps: 0, window, gaps_max }
    }

    /// The reading position: bytes of the stream that were read.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Where the last byte that has arrived ends.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.runs.last_key_value().map_or(self.ready_end(), |(&start, run)| start + run.len() as u64)
    }

    /// Bytes held, those that can be read and those behind gaps.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held
    }

    /// Ranges that are missing before the [`end`](Self::end).
    #[must_use]
    pub fn gap_count(&self) -> usize {
        self.gaps
    }

    /// The ranges that are missing before the [`end`](Self::end), in order.
    pub fn missing(&self) -> impl Iterator<Item = Range<u64>> {
        let mut end = self.ready_end();
        self.runs.iter().filter_map(move |(&start, run)| {
            let gap = end..start;
            end = start + run.len() as u64;
            (!gap.is_empty()).then_some(gap)
        })
    }

    /// Takes the next piece that can be read, as it is; `None` if nothing can be.
    pub fn pop(&mut self) -> Option<Bytes> {
        let piece = self.ready.pop_front()?;
        self.count_read(piece.len());
        Some(piece)
    }

    fn ready_end(&self) -> u64 {
        self.offset + self.ready.len() as u64
    }

    fn count_read(&mut self, len: usize) {
        self.offset += len as u64;
        self.held -= len;
    }
}

/// The bytes that can be read.
impl Buf for Reassembler {
    fn remaining(&self) -> usize {
        self.ready.len()
    }

    fn chunk(&self) -> &[u8] {
        self.ready.chunk()
    }

    #[cfg(feature = "std")]
    fn chunks_vectored<'a>(&'a self, to: &mut [IoSlice<'a>]) -> usize {
        self.ready.chunks_vectored(to)
    }

    fn advance(&mut self, count: usize) {
        self.ready.advance(count);
        self.count_read(count);
    }

    fn copy_to_bytes(&mut self, len: usize) -> Bytes {
        let bytes = self.ready.copy_to_bytes(len);
        self.count_read(len);
        bytes
    }
}
