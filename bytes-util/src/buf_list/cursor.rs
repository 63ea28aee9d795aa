//! A position within a list.
//!
//! Invariants
//! 1. `piece` is piece number `index` of the list, and begins `start` bytes into it.
//! 2. Where `position` lies within the list, it lies within `piece`.

#[cfg(feature = "std")]
use std::io::{self, BufRead, IoSlice, Read, Seek, SeekFrom};

use bytes::{Buf, Bytes, BytesMut};

use super::BufList;

/// Reads a [`BufList`] from any position, without taking anything from it.
///
/// It is a [`Buf`], and with the feature `std` also [`Read`](std::io::Read), [`BufRead`](std::io::BufRead) and
/// [`Seek`](std::io::Seek). A seek within a piece costs a comparison; a longer one walks over the pieces from the
/// nearest of the start, the end and where the cursor was. As with `std::io::Cursor`, a position behind the end is no
/// error: nothing can be read there.
///
/// ```
/// use std::io::{BufRead, Read, Seek, SeekFrom};
/// use bytes::Bytes;
/// use minato_bytes_util::BufList;
///
/// let mut list = BufList::from(Bytes::from_static(b"world\n"));
/// list.push_front(Bytes::from_static(b"hello "));
///
/// let mut cursor = list.cursor();
/// let mut line = String::new();
/// cursor.read_line(&mut line)?;
/// assert_eq!(line, "hello world\n");
///
/// let mut word = [0; 5];
/// cursor.seek(SeekFrom::End(-6))?;
/// cursor.read_exact(&mut word)?;
/// assert_eq!(&word, b"world");
/// assert_eq!(list.len(), 12);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BufListCursor<'a> {
    list: &'a BufList,
    piece: &'a [u8],
    index: usize,
    start: usize,
    position: u64,
}

impl BufList {
    /// A cursor at the start of the list.
    #[must_use]
    pub fn cursor(&self) -> BufListCursor<'_> {
        BufListCursor { list: self, piece: self.piece(0), index: 0, start: 0, position: 0 }
    }

    /// Piece number `index` as [`iter`](Self::iter) counts them; empty where there is none.
    fn piece(&self, index: usize) -> &[u8] {
        match index {
            0 if self.front.is_empty() => &self.tail,
            0 => &self.front,
            _ if index <= self.segments.len() => &self.segments[index - 1],
            _ => &self.tail,
        }
    }
}

impl<'a> BufListCursor<'a> {
    /// Bytes before the cursor; more than the list has where the cursor was set behind its end.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Goes to a position, which may lie behind the end.
    pub fn set_position(&mut self, position: u64) {
        self.position = position;
        if let Some(at) = self.inside()
            && at.wrapping_sub(self.start) >= self.piece.len()
        {
            self.find_piece(at);
        }
    }

    /// What follows in the piece under the cursor; empty only at the end, and behind it.
    #[must_use]
    pub fn rest_of_piece(&self) -> &'a [u8] {
        self.inside().map_or(&[], |at| &self.piece[at - self.start..])
    }

    /// The position, where it is one within the list.
    fn inside(&self) -> Option<usize> {
        usize::try_from(self.position).ok().filter(|&at| at < self.list.len)
    }

    /// Establishes invariant 2 for `at`, which lies within the list.
    fn find_piece(&mut self, at: usize) {
        let from_here = at.abs_diff(self.start);
        let from_end = self.list.len - at;
        if at < from_here {
            self.enter(0, 0);
        } else if from_end < from_here {
            let last = self.list.segment_count() - 1;
            self.enter(last, self.list.len - self.list.piece(last).len());
        }
        while at < self.start {
            let before = self.list.piece(self.index - 1);
            self.enter(self.index - 1, self.start - before.len());
        }
        while at - self.start >= self.piece.len() {
            self.enter(self.index + 1, self.start + self.piece.len());
        }
    }

    fn enter(&mut self, index: usize, start: usize) {
        self.piece = self.list.piece(index);
        self.index = index;
        self.start = start;
    }

    /// `len` bytes under the cursor as they lie in a segment, shared; `None` where they have to be copied.
    fn shared(&self, len: usize) -> Option<Bytes> {
        let at = self.inside()? - self.start;
        let segment = match self.index {
            0 => &self.list.front,
            index => self.list.segments.get(index - 1)?,
        };
        let end = at.checked_add(len)?;
        (end <= segment.len()).then(|| segment.slice(at..end))
    }
}

impl Buf for BufListCursor<'_> {
    fn remaining(&self) -> usize {
        self.inside().map_or(0, |at| self.list.len - at)
    }

    fn chunk(&self) -> &[u8] {
        self.rest_of_piece()
    }

    #[cfg(feature = "std")]
    fn chunks_vectored<'a>(&'a self, to: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        let (mut piece, mut index) = (self.rest_of_piece(), self.index);
        while filled < to.len() && !piece.is_empty() {
            to[filled] = IoSlice::new(piece);
            filled += 1;
            index += 1;
            piece = if index < self.list.segment_count() { self.list.piece(index) } else { &[] };
        }
        filled
    }

    fn advance(&mut self, count: usize) {
        let remaining = self.remaining();
        assert!(count <= remaining, "advance by {count} where {remaining} bytes follow");
        self.set_position(self.position + count as u64);
    }

    fn copy_to_bytes(&mut self, len: usize) -> Bytes {
        let remaining = self.remaining();
        assert!(len <= remaining, "copy of {len} bytes where {remaining} bytes follow");
        if let Some(shared) = self.shared(len) {
            self.advance(len);
            return shared;
        }
        let mut copy = BytesMut::zeroed(len);
        self.copy_to_slice(&mut copy);
        copy.freeze()
    }
}

#[cfg(feature = "std")]
impl Read for BufListCursor<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = buf.len().min(self.remaining());
        self.copy_to_slice(&mut buf[..len]);
        Ok(len)
    }
}

#[cfg(feature = "std")]
impl BufRead for BufListCursor<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(self.rest_of_piece())
    }

    fn consume(&mut self, amount: usize) {
        self.set_position(self.position.saturating_add(amount as u64));
    }
}

#[cfg(feature = "std")]
impl Seek for BufListCursor<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(distance) => (self.list.len as u64).checked_add_signed(distance),
            SeekFrom::Current(distance) => self.position.checked_add_signed(distance),
        };
        let Some(position) = position else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a position before the start, or too large",
            ));
        };
        self.set_position(position);
        Ok(position)
    }

    fn stream_position(&mut self) -> io::Result<u64> {
        Ok(self.position)
    }
}
