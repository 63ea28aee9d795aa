//! A polled stream as the blocking one that rustls reads and writes.

use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use minato_runtime::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream for the length of one poll, where waiting is `WouldBlock`.
pub(super) struct Adapter<'a, 'b, Io> {
    io: &'a mut Io,
    cx: &'a mut Context<'b>,
}

impl<'a, 'b, Io> Adapter<'a, 'b, Io> {
    pub(super) fn new(io: &'a mut Io, cx: &'a mut Context<'b>) -> Self {
        Self { io, cx }
    }
}

fn ready_or_would_block<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

impl<Io: AsyncRead + Unpin> Read for Adapter<'_, '_, Io> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut buf = ReadBuf::new(buf);
        ready_or_would_block(Pin::new(&mut *self.io).poll_read(self.cx, &mut buf))?;
        Ok(buf.filled().len())
    }
}

impl<Io: AsyncWrite + Unpin> Write for Adapter<'_, '_, Io> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        ready_or_would_block(Pin::new(&mut *self.io).poll_write(self.cx, buf))
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        ready_or_would_block(Pin::new(&mut *self.io).poll_write_vectored(self.cx, bufs))
    }

    fn flush(&mut self) -> io::Result<()> {
        ready_or_would_block(Pin::new(&mut *self.io).poll_flush(self.cx))
    }
}
