//! The beginning of a connection.

use std::future::{Future, poll_fn};
use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use minato_runtime::io::{AsyncRead, AsyncWrite};
use minato_runtime::time::timeout;
use rustls::{Connection, ProtocolVersion};

use super::TlsStream;
use super::transfer::Transfer;

/// Carries the handshake of `session` over `io` to its end.
pub(super) async fn handshake<Io>(io: Io, session: Connection) -> io::Result<TlsStream<Io>>
where
    Io: AsyncRead + AsyncWrite + Unpin,
{
    let mut transfer = Transfer { io, session };
    poll_fn(|cx| transfer.poll_handshake(cx)).await?;
    Ok(TlsStream::new(transfer))
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Transfer<Io> {
    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let sent = self.poll_flush(cx);
            if !self.session.is_handshaking() {
                return if self.leaves_tickets() { Poll::Ready(Ok(())) } else { sent };
            }
            // Also while something is left to send: the peer may have to be read before it reads.
            let received = self.poll_receive(cx)?;
            if let Poll::Ready(Err(error)) = sent {
                // Why the peer went away, if it said so, was told by the line above.
                return Poll::Ready(Err(error));
            }
            if ready!(received) == 0 {
                return Poll::Ready(Err(cut()));
            }
        }
    }
}

impl<Io> Transfer<Io> {
    /// Whether what a finished handshake still has to send is of use to the next connection only: then the client may
    /// be writing already and not reading, so waiting here could be for ever, or it may be gone, and what it wrote is to
    /// be read. It leaves with what is sent or read next.
    fn leaves_tickets(&self) -> bool {
        matches!(self.session, Connection::Server(_))
            && self.session.protocol_version() == Some(ProtocolVersion::TLSv1_3)
    }
}

/// The peer went away in the middle of the handshake.
pub(super) fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended during the TLS handshake")
}

/// Waits for a handshake at most `limit`.
pub(super) async fn within<T>(
    limit: Duration,
    handshake: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    match timeout(limit, handshake).await {
        Ok(result) => result,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the TLS handshake took too long")),
    }
}
