//! Readers without end and writers without bottom.

use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
use crate::task::coop::poll_proceed;

/// A reader that is at its end, and a writer that takes everything; made by [`empty`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Empty;

/// A reader that is at its end, and a writer that takes everything.
#[must_use]
pub fn empty() -> Empty {
    Empty
}

impl AsyncRead for Empty {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(poll_proceed(cx)).made_progress();
        Poll::Ready(Ok(()))
    }
}

impl AsyncBufRead for Empty {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        ready!(poll_proceed(cx)).made_progress();
        Poll::Ready(Ok(&[]))
    }

    fn consume(self: Pin<&mut Self>, _: usize) {}
}

impl AsyncSeek for Empty {
    /// Every position is the start.
    fn start_seek(self: Pin<&mut Self>, _: SeekFrom) -> io::Result<()> {
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        ready!(poll_proceed(cx)).made_progress();
        Poll::Ready(Ok(0))
    }
}

/// A reader of one byte, again and again; made by [`repeat`].
#[derive(Debug, Clone, Copy)]
pub struct Repeat(u8);

/// A reader that never ends and reads `byte`.
#[must_use]
pub fn repeat(byte: u8) -> Repeat {
    Repeat(byte)
}

impl AsyncRead for Repeat {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(poll_proceed(cx)).made_progress();
        buf.initialize_unfilled().fill(self.0);
        buf.advance(buf.remaining());
        Poll::Ready(Ok(()))
    }
}

/// A writer that takes everything; made by [`sink`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Sink;

/// A writer that takes everything.
#[must_use]
pub fn sink() -> Sink {
    Sink
}

macro_rules! take_everything {
    ($name:ty) => {
        impl AsyncWrite for $name {
            fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
                ready!(poll_proceed(cx)).made_progress();
                Poll::Ready(Ok(buf.len()))
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                ready!(poll_proceed(cx)).made_progress();
                Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()))
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }
        }
    };
}

take_everything!(Empty);
take_everything!(Sink);
