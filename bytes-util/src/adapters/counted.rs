//! Counting.

#[cfg(feature = "std")]
use std::io::{self, IoSlice};

use bytes::Buf;

/// Counts the bytes that pass.
#[derive(Clone, Debug)]
pub struct Counted<B> {
    inner: B,
    count: u64,
}

impl<B> Counted<B> {
    /// Wraps a buffer, a reader or a writer.
    pub const fn new(inner: B) -> Self {
        Self { inner, count: 0 }
    }

    /// Bytes that have passed.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// What is wrapped.
    pub const fn get_ref(&self) -> &B {
        &self.inner
    }

    /// What was wrapped.
    pub fn into_inner(self) -> B {
        self.inner
    }
}

impl<B: Buf> Buf for Counted<B> {
    fn remaining(&self) -> usize {
        self.inner.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.inner.chunk()
    }

    #[cfg(feature = "std")]
    fn chunks_vectored<'a>(&'a self, to: &mut [IoSlice<'a>]) -> usize {
        self.inner.chunks_vectored(to)
    }

    fn advance(&mut self, count: usize) {
        self.inner.advance(count);
        self.count += count as u64;
    }
}

#[cfg(feature = "std")]
impl<R: io::Read> io::Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        self.count += read as u64;
        Ok(read)
    }
}

#[cfg(feature = "std")]
impl<W: io::Write> io::Write for Counted<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buf)?;
        self.count += written as u64;
        Ok(written)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = self.inner.write_vectored(bufs)?;
        self.count += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
