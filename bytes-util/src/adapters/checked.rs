//! A checksum of what passes.

#[cfg(feature = "std")]
use std::io;

use bytes::Buf;

use super::Crc32;

/// Takes the CRC-32 of the bytes that pass.
#[derive(Clone, Debug)]
pub struct Checked<B> {
    inner: B,
    crc: Crc32,
}

impl<B> Checked<B> {
    /// Wraps a buffer, a reader or a writer.
    pub const fn new(inner: B) -> Self {
        Self { inner, crc: Crc32::new() }
    }

    /// The checksum of the bytes that have passed.
    pub const fn checksum(&self) -> u32 {
        self.crc.value()
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

impl<B: Buf> Buf for Checked<B> {
    fn remaining(&self) -> usize {
        self.inner.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.inner.chunk()
    }

    fn advance(&mut self, count: usize) {
        super::tee::each_chunk(&mut self.inner, count, |chunk| self.crc.update(chunk));
    }
}

#[cfg(feature = "std")]
impl<R: io::Read> io::Read for Checked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        self.crc.update(&buf[..read]);
        Ok(read)
    }
}

#[cfg(feature = "std")]
impl<W: io::Write> io::Write for Checked<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buf)?;
        self.crc.update(&buf[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
