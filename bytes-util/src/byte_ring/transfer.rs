//! The ring as a [`Buf`], and as a reader and writer of the standard library.

#[cfg(feature = "std")]
use std::io::{self, BufRead, IoSlice, IoSliceMut, Read, Write};

use bytes::Buf;

use super::ByteRing;

impl Buf for ByteRing {
    fn remaining(&self) -> usize {
        self.len
    }

    fn chunk(&self) -> &[u8] {
        self.as_slices().0
    }

    #[cfg(feature = "std")]
    fn chunks_vectored<'a>(&'a self, to: &mut [IoSlice<'a>]) -> usize {
        let (front, back) = self.as_slices();
        let pieces = [front, back].into_iter().filter(|piece| !piece.is_empty());
        let mut filled = 0;
        for (slot, piece) in to.iter_mut().zip(pieces) {
            *slot = IoSlice::new(piece);
            filled += 1;
        }
        filled
    }

    fn advance(&mut self, count: usize) {
        assert!(count <= self.len, "advance by {count} in a ring of {} bytes", self.len);
        self.drop_front(count);
    }
}

/// Takes bytes out; none are there when the ring is empty, which is not an end for ever.
#[cfg(feature = "std")]
impl Read for ByteRing {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = buf.len().min(self.len);
        self.copy_to_slice(&mut buf[..count]);
        Ok(count)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let before = self.len;
        for buf in bufs {
            self.read(buf)?;
        }
        Ok(before - self.len)
    }
}

#[cfg(feature = "std")]
impl BufRead for ByteRing {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(self.as_slices().0)
    }

    fn consume(&mut self, count: usize) {
        self.advance(count);
    }
}

/// Puts in what there is room for, which is nothing when the ring is full.
#[cfg(feature = "std")]
impl Write for ByteRing {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(self.push_some(buf))
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let before = self.len;
        self.reserve(bufs.iter().map(|buf| buf.len()).fold(0, usize::saturating_add));
        for buf in bufs {
            self.push_some(buf);
        }
        Ok(self.len - before)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
