//! Looking at the bytes that pass.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::forward::{forward_reading, forward_seeking, forward_writing};
use super::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

pin_project_lite::pin_project! {
    /// Calls a closure with all bytes that are read: for a checksum, a count, a log.
    ///
    /// # Examples
    ///
    /// ```
    /// use minato_runtime::io::{self, AsyncReadExt, InspectReader};
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let mut length = 0;
    /// let mut reader = InspectReader::new(&b"hello"[..], |bytes| length += bytes.len());
    /// reader.read_to_end(&mut Vec::new()).await?;
    /// assert_eq!(length, 5);
    /// # Ok::<(), io::Error>(())
    /// # })?;
    /// # Ok::<(), io::Error>(())
    /// ```
    pub struct InspectReader<R, F> {
        #[pin]
        reader: R,
        look: F,
    }
}

impl<R, F: FnMut(&[u8])> InspectReader<R, F> {
    /// Shows what is read from `reader` to `look`, which is not called for the end.
    pub fn new(reader: R, look: F) -> Self {
        Self { reader, look }
    }

    /// Takes the reader out.
    pub fn into_inner(self) -> R {
        self.reader
    }
}

impl<R: AsyncRead, F: FnMut(&[u8])> AsyncRead for InspectReader<R, F> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = self.project();
        let before = buf.filled().len();
        ready!(me.reader.poll_read(cx, buf))?;
        if let Some(fresh @ [_, ..]) = buf.filled().get(before..) {
            (me.look)(fresh);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_read_closed(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().reader.poll_read_closed(cx)
    }
}

impl<R: AsyncWrite, F> AsyncWrite for InspectReader<R, F> {
    forward_writing!(reader);
}

impl<R: AsyncSeek, F> AsyncSeek for InspectReader<R, F> {
    forward_seeking!(reader);
}

pin_project_lite::pin_project! {
    /// Calls a closure with all bytes that are written.
    ///
    /// # Examples
    ///
    /// ```
    /// use minato_runtime::io::{self, AsyncWriteExt, InspectWriter};
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let mut seen = Vec::new();
    /// let mut writer = InspectWriter::new(io::sink(), |bytes| seen.extend_from_slice(bytes));
    /// writer.write_all(b"hello").await?;
    /// assert_eq!(seen, b"hello");
    /// # Ok::<(), io::Error>(())
    /// # })?;
    /// # Ok::<(), io::Error>(())
    /// ```
    pub struct InspectWriter<W, F> {
        #[pin]
        writer: W,
        look: F,
    }
}

impl<W, F: FnMut(&[u8])> InspectWriter<W, F> {
    /// Shows what `writer` has taken to `look`.
    pub fn new(writer: W, look: F) -> Self {
        Self { writer, look }
    }

    /// Takes the writer out.
    pub fn into_inner(self) -> W {
        self.writer
    }
}

impl<W: AsyncWrite, F: FnMut(&[u8])> AsyncWrite for InspectWriter<W, F> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let me = self.project();
        let written = ready!(me.writer.poll_write(cx, buf))?;
        if let Some(taken @ [_, ..]) = buf.get(..written) {
            (me.look)(taken);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let me = self.project();
        let written = ready!(me.writer.poll_write_vectored(cx, bufs))?;
        let mut left = written;
        for buf in bufs {
            let taken = left.min(buf.len());
            if taken > 0 {
                (me.look)(&buf[..taken]);
            }
            left -= taken;
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.writer.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().writer.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().writer.poll_shutdown(cx)
    }
}

impl<W: AsyncRead, F> AsyncRead for InspectWriter<W, F> {
    forward_reading!(writer);
}

impl<W: AsyncSeek, F> AsyncSeek for InspectWriter<W, F> {
    forward_seeking!(writer);
}

impl<R: fmt::Debug, F> fmt::Debug for InspectReader<R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InspectReader").field("reader", &self.reader).finish_non_exhaustive()
    }
}

impl<W: fmt::Debug, F> fmt::Debug for InspectWriter<W, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InspectWriter").field("writer", &self.writer).finish_non_exhaustive()
    }
}
