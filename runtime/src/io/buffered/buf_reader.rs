//! A buffer in front of a reader.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::DEFAULT_CAPACITY;
use crate::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

pin_project_lite::pin_project! {
    /// Reads in large steps and hands out small ones.
    ///
    /// Bytes it holds are lost when it is dropped or taken apart. Writes pass straight through.
    ///
    /// # Examples
    ///
    /// ```
    /// use minato_runtime::io::{self, AsyncBufReadExt, BufReader};
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let mut reader = BufReader::new(&b"GET / HTTP/1.1\r\n"[..]);
    /// let mut line = String::new();
    /// reader.read_line(&mut line).await?;
    /// assert_eq!(line, "GET / HTTP/1.1\r\n");
    /// # Ok::<(), io::Error>(())
    /// # })?;
    /// # Ok::<(), io::Error>(())
    /// ```
    pub struct BufReader<R> {
        #[pin]
        inner: R,
        buf: Box<[u8]>,
        position: usize,
        filled: usize,
    }
}

impl<R> BufReader<R> {
    /// Wraps `inner` with a buffer of 8 KiB.
    pub fn new(inner: R) -> Self {
        Self::with_capacity(DEFAULT_CAPACITY, inner)
    }

    /// Wraps `inner` with a buffer of `capacity` bytes.
    pub fn with_capacity(capacity: usize, inner: R) -> Self {
        Self { inner, buf: vec![0; capacity].into_boxed_slice(), position: 0, filled: 0 }
    }

    /// The bytes held.
    pub fn buffer(&self) -> &[u8] {
        &self.buf[self.position..self.filled]
    }

    /// The inner reader.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The inner reader; reading from it directly skips the bytes held.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The inner reader, pinned.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().inner
    }

    /// Takes the inner reader out; the bytes held are lost.
    pub fn into_inner(self) -> R {
        self.inner
    }

    fn is_drained(&self) -> bool {
        self.position == self.filled
    }
}

impl<R: AsyncRead> AsyncRead for BufReader<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // A read as large as the buffer gains nothing from it.
        if self.is_drained() && buf.remaining() >= self.buf.len() {
            return self.project().inner.poll_read(cx, buf);
        }
        let held = ready!(self.as_mut().poll_fill_buf(cx))?;
        let length = held.len().min(buf.remaining());
        buf.put_slice(&held[..length]);
        self.consume(length);
        Poll::Ready(Ok(()))
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let room = bufs.iter().map(|buf| buf.len()).fold(0, usize::saturating_add);
        if self.is_drained() && room >= self.buf.len() {
            return self.project().inner.poll_read_vectored(cx, bufs);
        }
        let mut held = ready!(self.as_mut().poll_fill_buf(cx))?;
        let read = io::Read::read_vectored(&mut held, bufs)?;
        self.consume(read);
        Poll::Ready(Ok(read))
    }

    fn poll_read_closed(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().inner.poll_read_closed(cx)
    }

    fn is_read_vectored(&self) -> bool {
        true
    }
}

impl<R: AsyncRead> AsyncBufRead for BufReader<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let me = self.project();
        if *me.position == *me.filled {
            let mut buf = ReadBuf::new(me.buf);
            ready!(me.inner.poll_read(cx, &mut buf))?;
            *me.filled = buf.filled().len();
            *me.position = 0;
        }
        Poll::Ready(Ok(&me.buf[*me.position..*me.filled]))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let me = self.project();
        *me.position = me.position.saturating_add(amount).min(*me.filled);
    }
}

impl<R: AsyncSeek> AsyncSeek for BufReader<R> {
    /// Starts a seek; the bytes held are dropped, and a relative seek counts from what the caller has read.
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        let me = self.project();
        let position = match position {
            SeekFrom::Current(offset) => {
                let held = (*me.filled - *me.position) as i64;
                let offset = offset
                    .checked_sub(held)
                    .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "seek before the start"))?;
                SeekFrom::Current(offset)
            }
            absolute => absolute,
        };
        me.inner.start_seek(position)?;
        (*me.position, *me.filled) = (0, 0);
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let held = (self.filled - self.position) as u64;
        let position = ready!(self.project().inner.poll_complete(cx))?;
        Poll::Ready(Ok(position.saturating_sub(held)))
    }
}

impl<R: AsyncWrite> AsyncWrite for BufReader<R> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.project().inner.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().inner.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_shutdown(cx)
    }
}

impl<R: fmt::Debug> fmt::Debug for BufReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufReader")
            .field("inner", &self.inner)
            .field("held", &(self.filled - self.position))
            .field("capacity", &self.buf.len())
            .finish()
    }
}
