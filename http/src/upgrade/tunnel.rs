//! An HTTP/2 stream, read and written as bytes.

use std::io;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use h2::{RecvStream, SendStream};
use minato_runtime::io::ReadBuf;
use minato_runtime::sync::oneshot;

use crate::h2::Ticket;

/// The two halves of a stream whose head has been answered. Dropping it resets what has not ended.
pub(crate) struct Tunnel {
    recv: RecvStream,
    send: SendStream<Bytes>,
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
    pub(crate) fn new(recv: RecvStream, send: SendStream<Bytes>, open: Open) -> Self {
        Self { recv, send, unread: Bytes::new(), is_shut: false, _open: open }
    }

    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        while self.unread.is_empty() {
            match ready!(self.recv.poll_data(cx)) {
                Some(Ok(data)) => {
                    // A stream that is already gone has no window to give back to.
                    let _ = self.recv.flow_control().release_capacity(data.len());
                    self.unread = data;
                }
                Some(Err(error)) => return Poll::Ready(Err(read_error(error))),
                None => return Poll::Ready(Ok(())),
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
        self.send.reserve_capacity(buf.len());
        let granted = loop {
            match ready!(self.send.poll_capacity(cx)) {
                Some(Ok(0)) => {}
                Some(Ok(granted)) => break granted.min(buf.len()),
                Some(Err(error)) => return Poll::Ready(Err(write_error(error))),
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            }
        };
        match self.send.send_data(Bytes::copy_from_slice(&buf[..granted]), false) {
            Ok(()) => Poll::Ready(Ok(granted)),
            Err(error) => Poll::Ready(Err(write_error(error))),
        }
    }

    /// Ends our side.
    pub(super) fn shutdown(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.is_shut, true) {
            self.send.send_data(Bytes::new(), true).map_err(write_error)?;
        }
        Ok(())
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        // RFC 9113 §8.5: a tunnel whose end has gone is one whose connection was closed or reset.
        if !self.is_shut || !self.recv.is_end_stream() {
            self.send.send_reset(h2::Reason::CANCEL);
        }
    }
}

// RFC 9113 §8.5: a reset of the connection behind a tunnel arrives as RST_STREAM.
fn read_error(error: h2::Error) -> io::Error {
    match error.is_io() {
        true => error.into_io().unwrap_or_else(|| io::ErrorKind::ConnectionReset.into()),
        false => io::Error::new(io::ErrorKind::ConnectionReset, error),
    }
}

fn write_error(error: h2::Error) -> io::Error {
    match error.is_io() {
        true => error.into_io().unwrap_or_else(|| io::ErrorKind::BrokenPipe.into()),
        false => io::Error::new(io::ErrorKind::BrokenPipe, error),
    }
}
