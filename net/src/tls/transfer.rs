//! What moves between a stream and rustls' connection, one step at a time.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use minato_runtime::io::{AsyncRead, AsyncWrite};
use rustls::Connection;

use super::adapter::Adapter;

/// A stream and the connection that encrypts what goes over it.
#[derive(Debug)]
pub(super) struct Transfer<Io> {
    pub(super) io: Io,
    pub(super) session: Connection,
}

/// A fault that rustls found, as an I/O error.
pub(super) fn fault(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

fn pending_if_blocked<T>(result: io::Result<T>) -> Poll<io::Result<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Transfer<Io> {
    /// Receives what the stream has, decrypts it, and answers how many bytes came; none are its end.
    ///
    /// A fault of the peer is told to it, if that can be done at once.
    pub(super) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let received = self.session.read_tls(&mut Adapter::new(&mut self.io, cx));
        let received = ready!(pending_if_blocked(received))?;
        if let Err(error) = self.session.process_new_packets() {
            // The alert is a courtesy: what went wrong is told to our side in any case.
            let _ = self.poll_send(cx);
            return Poll::Ready(Err(fault(error)));
        }
        Poll::Ready(Ok(received))
    }

    /// Sends all that is encrypted and waits.
    pub(super) fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.session.wants_write() {
            let sent = self.session.write_tls(&mut Adapter::new(&mut self.io, cx));
            if ready!(pending_if_blocked(sent))? == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Sends all that is encrypted, and has the stream pass it on.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }
}
