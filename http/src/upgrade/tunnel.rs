//! An HTTP/2 stream, read and written as bytes.

use std::io;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use minato_runtime::io::ReadBuf;
use minato_runtime::sync::oneshot;

use crate::error::Error;
use crate::h2::{After, Ended, Over, Part, RecvHalf, SendHalf, Ticket};
use crate::reason::Reason;

/// Bytes taken of one write, so that none is copied for a window that is not there.
const WRITE_BYTES: usize = 16 * 1024;

/// The two halves of a stream whose head has been answered. Dropping it resets what has not ended.
pub(crate) struct Tunnel {
    recv: RecvHalf,
    send: SendHalf,
    /// Arrived, and not read.
    unread: Bytes,
    is_shut: bool,
    /// Keeps the stream among those that its connection knows to be open.
    _open: Open,
}

/// What a connection knows an open stream by.
pub(crate) enum Open {
    /// On a server: the rest of the exchange waits for this to be dropped.
    Exchange { _dropped: oneshot::Sender<()> },
    /// On a client.
    Counted { _ticket: Ticket },
}

impl Tunnel {
    pub(crate) fn new(recv: RecvHalf, send: SendHalf, open: Open) -> Self {
        Self { recv, send, unread: Bytes::new(), is_shut: false, _open: open }
    }

    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        while self.unread.is_empty() {
            match ready!(self.recv.poll_part(cx)) {
                Ok(Part::Data(data)) => self.unread = data,
                Ok(Part::Trailers(_)) => {}
                Ok(Part::End) => return Poll::Ready(Ok(())),
                Err(ended) => return Poll::Ready(Err(as_io(ended, io::ErrorKind::ConnectionReset))),
            }
        }
        let len = self.unread.len().min(buf.remaining());
        buf.put_slice(&self.unread[..len]);
        self.unread.advance(len);
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_shut {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(self.send.poll_room(cx)).map_err(|ended| as_io(ended, io::ErrorKind::BrokenPipe))?;
        let mut data = Bytes::copy_from_slice(&buf[..buf.len().min(WRITE_BYTES)]);
        let len = data.len();
        match self.send.poll_send(&mut None, &mut data, &mut After::More, cx) {
            Poll::Ready(Ok(())) => Poll::Ready(Ok(len)),
            Poll::Ready(Err(Over)) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            Poll::Pending if data.len() < len => Poll::Ready(Ok(len - data.len())),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Ends our side.
    pub(super) fn shutdown(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.is_shut, true) {
            self.send.finish().map_err(|Over| io::Error::from(io::ErrorKind::BrokenPipe))?;
        }
        Ok(())
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        // RFC 9113 §8.5: a tunnel whose end has gone is one whose connection was closed or reset.
        if !self.is_shut || !self.recv.is_end_stream() {
            self.send.reset(Reason::CANCEL);
        }
    }
}

// RFC 9113 §8.5: a reset of the connection behind a tunnel arrives as RST_STREAM.
fn as_io(ended: Ended, kind: io::ErrorKind) -> io::Error {
    match ended {
        Ended::Lost(kind) => kind.into(),
        Ended::TimedOut(_) => io::Error::new(io::ErrorKind::TimedOut, Error::from(ended)),
        Ended::Stream { .. } | Ended::Connection { .. } => io::Error::new(kind, Error::from(ended)),
    }
}
