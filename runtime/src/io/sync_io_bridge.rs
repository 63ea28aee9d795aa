//! Asynchronous streams for code that blocks.

use std::fmt;
use std::io::{self, BufRead, IoSlice, Read, Seek, SeekFrom, Write};

use super::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite,
    AsyncWriteExt,
};
use crate::runtime::Handle;

/// Gives an asynchronous stream the blocking traits of `std`, for libraries that know only those.
///
/// Use it on a thread that may block: inside [`spawn_blocking`](crate::task::spawn_blocking), or outside the runtime.
///
/// # Panics
///
/// Its methods panic on a thread that runs tasks: they would block the runtime that has to make them ready.
///
/// # Examples
///
/// ```
/// use minato_runtime::io::{self, AsyncWriteExt, SyncIoBridge};
/// use minato_runtime::task::spawn_blocking;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let (reader, mut writer) = io::simplex(4);
/// let bridge = SyncIoBridge::new(reader);
/// let text = spawn_blocking(move || std::io::read_to_string(bridge));
/// writer.write_all(b"longer than the pipe").await?;
/// drop(writer);
/// assert_eq!(text.await.unwrap()?, "longer than the pipe");
/// # Ok::<(), io::Error>(())
/// # })?;
/// # Ok::<(), io::Error>(())
/// ```
pub struct SyncIoBridge<T> {
    inner: T,
    runtime: Handle,
}

impl<T: Unpin> SyncIoBridge<T> {
    /// Wraps a stream that belongs to the runtime of this thread.
    ///
    /// # Panics
    ///
    /// If this thread is in no runtime.
    #[track_caller]
    pub fn new(inner: T) -> Self {
        Self::new_with_handle(inner, Handle::current())
    }

    /// Wraps a stream that belongs to `runtime`.
    pub fn new_with_handle(inner: T, runtime: Handle) -> Self {
        Self { inner, runtime }
    }

    /// Takes the stream out.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<T> AsRef<T> for SyncIoBridge<T> {
    fn as_ref(&self) -> &T {
        &self.inner
    }
}

impl<T> AsMut<T> for SyncIoBridge<T> {
    fn as_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<T: AsyncWrite + Unpin> SyncIoBridge<T> {
    /// Whether several slices are written in one go.
    pub fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    /// Flushes and ends the stream; the other side sees its end.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    pub fn shutdown(&mut self) -> io::Result<()> {
        self.runtime.block_on(self.inner.shutdown())
    }
}

impl<T: AsyncRead + Unpin> Read for SyncIoBridge<T> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.runtime.block_on(self.inner.read(buf))
    }

    fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        self.runtime.block_on(self.inner.read_to_end(buf))
    }

    fn read_to_string(&mut self, buf: &mut String) -> io::Result<usize> {
        self.runtime.block_on(self.inner.read_to_string(buf))
    }

    fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<()> {
        self.runtime.block_on(self.inner.read_exact(buf)).map(drop)
    }
}

impl<T: AsyncBufRead + Unpin> BufRead for SyncIoBridge<T> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.runtime.block_on(AsyncBufReadExt::fill_buf(&mut self.inner))
    }

    fn consume(&mut self, amount: usize) {
        AsyncBufReadExt::consume(&mut self.inner, amount);
    }

    fn read_until(&mut self, delimiter: u8, buf: &mut Vec<u8>) -> io::Result<usize> {
        self.runtime.block_on(AsyncBufReadExt::read_until(&mut self.inner, delimiter, buf))
    }

    fn read_line(&mut self, buf: &mut String) -> io::Result<usize> {
        self.runtime.block_on(AsyncBufReadExt::read_line(&mut self.inner, buf))
    }
}

impl<T: AsyncWrite + Unpin> Write for SyncIoBridge<T> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.runtime.block_on(self.inner.write(buf))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.runtime.block_on(self.inner.flush())
    }

    fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        self.runtime.block_on(self.inner.write_all(buf))
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.runtime.block_on(self.inner.write_vectored(bufs))
    }
}

impl<T: AsyncSeek + Unpin> Seek for SyncIoBridge<T> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.runtime.block_on(AsyncSeekExt::seek(&mut self.inner, position))
    }
}

impl<T: fmt::Debug> fmt::Debug for SyncIoBridge<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncIoBridge").field("inner", &self.inner).finish_non_exhaustive()
    }
}
