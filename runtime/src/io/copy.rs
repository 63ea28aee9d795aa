//! Copying from a reader to a writer.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use crate::task::coop::poll_proceed;

/// Room of a copy unless the caller says otherwise, in bytes.
pub(super) const COPY_BUFFER: usize = 8 * 1024;

/// One direction of a copy: a buffer and how far it has been read into and written out of.
///
/// Bytes are written as soon as they are there; while the reader makes us wait, the writer is flushed, so that no
/// byte stays in a buffered writer because the source pauses.
#[derive(Debug)]
pub(super) struct CopyBuffer {
    buf: Box<[u8]>,
    position: usize,
    filled: usize,
    copied: u64,
    reader_ended: bool,
    needs_flush: bool,
}

impl CopyBuffer {
    pub(super) fn new(capacity: usize) -> Self {
        let buf = vec![0; capacity.max(1)].into_boxed_slice();
        Self { buf, position: 0, filled: 0, copied: 0, reader_ended: false, needs_flush: false }
    }

    /// Copies until the reader ends and all is written and flushed; answers the bytes copied.
    pub(super) fn poll_copy<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
        mut writer: Pin<&mut W>,
    ) -> Poll<io::Result<u64>>
    where
        R: AsyncRead + ?Sized,
        W: AsyncWrite + ?Sized,
    {
        loop {
            let unit = ready!(poll_proceed(cx));
            if self.position == self.filled && !self.reader_ended {
                let mut buf = ReadBuf::new(&mut self.buf);
                match reader.as_mut().poll_read(cx, &mut buf)? {
                    Poll::Ready(()) => {
                        self.position = 0;
                        self.filled = buf.filled().len();
                        self.reader_ended = self.filled == 0;
                    }
                    Poll::Pending => {
                        if self.needs_flush {
                            ready!(writer.as_mut().poll_flush(cx))?;
                            self.needs_flush = false;
                        }
                        return Poll::Pending;
                    }
                }
            }
            while self.position < self.filled {
                match ready!(writer.as_mut().poll_write(cx, &self.buf[self.position..self.filled]))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    written => {
                        self.position += written;
                        self.copied += written as u64;
                        self.needs_flush = true;
                    }
                }
            }
            if self.reader_ended {
                ready!(writer.as_mut().poll_flush(cx))?;
                unit.made_progress();
                return Poll::Ready(Ok(self.copied));
            }
            unit.made_progress();
        }
    }
}

/// Copies everything from `reader` to `writer`, flushes it, and answers how many bytes were copied.
///
/// # Errors
///
/// The first error of either side; `WriteZero` if the writer takes no more.
///
/// # Cancel safety
///
/// Not cancel safe: bytes read but not yet written are lost.
///
/// # Examples
///
/// ```
/// use minato_runtime::io;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let mut sink = Vec::new();
/// assert_eq!(io::copy(&mut &b"hello"[..], &mut sink).await?, 5);
/// assert_eq!(sink, b"hello");
/// # Ok::<(), io::Error>(())
/// # })?;
/// # Ok::<(), io::Error>(())
/// ```
pub async fn copy<R, W>(reader: &mut R, writer: &mut W) -> io::Result<u64>
where
    R: AsyncRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let mut buffer = CopyBuffer::new(COPY_BUFFER);
    poll_fn(|cx| buffer.poll_copy(cx, Pin::new(&mut *reader), Pin::new(&mut *writer))).await
}

/// As [`copy`], straight out of the buffer the reader has.
///
/// # Errors
///
/// The first error of either side; `WriteZero` if the writer takes no more.
///
/// # Cancel safety
///
/// What was not written is still in the reader: nothing is lost when the future is dropped.
pub async fn copy_buf<R, W>(reader: &mut R, writer: &mut W) -> io::Result<u64>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let mut copied = 0;
    poll_fn(|cx| {
        loop {
            let unit = ready!(poll_proceed(cx));
            let buf = ready!(Pin::new(&mut *reader).poll_fill_buf(cx))?;
            if buf.is_empty() {
                ready!(Pin::new(&mut *writer).poll_flush(cx))?;
                unit.made_progress();
                return Poll::Ready(Ok(copied));
            }
            let written = ready!(Pin::new(&mut *writer).poll_write(cx, buf))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            Pin::new(&mut *reader).consume(written);
            copied += written as u64;
            unit.made_progress();
        }
    })
    .await
}
