//! A copy of what passes.

#[cfg(feature = "std")]
use std::io;

use bytes::{Buf, BufMut};

/// Copies the bytes that pass to a second place.
///
/// As a `Buf` the second place is a [`BufMut`] and has to have room; as a reader or writer it is a writer, and its
/// errors are those of the whole.
///
/// ```
/// use bytes::Buf;
/// use minato_bytes_util::adapters::Tee;
///
/// let mut numbers = Tee::new(&[0, 0, 0, 7, 1][..], Vec::new());
/// assert_eq!(numbers.get_u32(), 7);
/// let (rest, copy) = numbers.into_inner();
/// assert_eq!((rest, &copy[..]), (&[1][..], &[0, 0, 0, 7][..]));
/// ```
#[derive(Clone, Debug)]
pub struct Tee<B, W> {
    inner: B,
    copy: W,
}

impl<B, W> Tee<B, W> {
    /// Wraps a buffer, a reader or a writer; what passes goes to `copy` as well.
    pub const fn new(inner: B, copy: W) -> Self {
        Self { inner, copy }
    }

    /// What is wrapped, and the second place.
    pub const fn get_ref(&self) -> (&B, &W) {
        (&self.inner, &self.copy)
    }

    /// What was wrapped, and the second place.
    pub fn into_inner(self) -> (B, W) {
        (self.inner, self.copy)
    }
}

impl<B: Buf, W: BufMut> Buf for Tee<B, W> {
    fn remaining(&self) -> usize {
        self.inner.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.inner.chunk()
    }

    fn advance(&mut self, count: usize) {
        each_chunk(&mut self.inner, count, |chunk| self.copy.put_slice(chunk));
    }
}

/// Advances by `count` bytes, and shows them.
pub(super) fn each_chunk(buf: &mut impl Buf, mut count: usize, mut show: impl FnMut(&[u8])) {
    assert!(count <= buf.remaining(), "advance by {count} in a buffer of {} bytes", buf.remaining());
    while count > 0 {
        let chunk = buf.chunk();
        let len = chunk.len().min(count);
        show(&chunk[..len]);
        buf.advance(len);
        count -= len;
    }
}

#[cfg(feature = "std")]
impl<R: io::Read, W: io::Write> io::Read for Tee<R, W> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        self.copy.write_all(&buf[..read])?;
        Ok(read)
    }
}

#[cfg(feature = "std")]
impl<D: io::Write, W: io::Write> io::Write for Tee<D, W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buf)?;
        self.copy.write_all(&buf[..written])?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()?;
        self.copy.flush()
    }
}
