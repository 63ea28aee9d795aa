//! Either side of a TLS connection.

use std::io::{self, BufRead, IoSlice, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};

use minato_runtime::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use rustls::pki_types::CertificateDer;
use rustls::{Connection, HandshakeKind, ProtocolVersion};

use super::transfer::Transfer;
use crate::bridges::bridge;

/// A TLS connection over `Io`, after its handshake.
///
/// Written bytes are encrypted and sent at once as far as the stream takes them; up to 64 KiB that it does not take wait
/// for [`flush`](minato_runtime::io::AsyncWriteExt::flush), the next write or the next read.
/// [`shutdown`](minato_runtime::io::AsyncWriteExt::shutdown) says so to the peer (`close_notify`) and ends the writing
/// direction only; reading goes on until the peer says the same. Dropping the stream says nothing, and the peer takes
/// the connection as cut.
///
/// Reads that only wait hold no buffer beside the 4 KiB of rustls. [`AsyncBufRead`] lends decrypted bytes without a
/// copy. To read and write in two tasks, use [`split`](minato_runtime::io::split).
#[derive(Debug)]
pub struct TlsStream<Io> {
    transfer: Transfer<Io>,
    writing: Writing,
    /// Whether the last poll of the writing side was pending: then it waits for the stream to take what is left, or its
    /// future was dropped since, and nobody can tell.
    writer: Writer,
}

/// How far the writing direction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writing {
    Open,
    /// `close_notify` is encrypted, and is being sent.
    Closing,
}

#[derive(Debug)]
enum Writer {
    Idle,
    Waits(Waker),
}

/// A reader and a writer that wait for the same.
struct Both(Waker, Waker);

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake_by_ref();
        self.1.wake_by_ref();
    }
}

impl<Io> TlsStream<Io> {
    pub(super) fn new(transfer: Transfer<Io>) -> Self {
        Self { transfer, writing: Writing::Open, writer: Writer::Idle }
    }

    /// The stream beneath, and rustls' connection.
    pub fn get_ref(&self) -> (&Io, &Connection) {
        (&self.transfer.io, &self.transfer.session)
    }

    /// The stream beneath, and rustls' connection. Bytes read from or written to the stream directly break the
    /// connection.
    pub fn get_mut(&mut self) -> (&mut Io, &mut Connection) {
        (&mut self.transfer.io, &mut self.transfer.session)
    }

    /// Takes the two apart.
    pub fn into_inner(self) -> (Io, Connection) {
        (self.transfer.io, self.transfer.session)
    }

    /// The protocol that both sides agreed on (ALPN), if they did.
    pub fn alpn_protocol(&self) -> Option<&[u8]> {
        self.transfer.session.alpn_protocol()
    }

    /// The name the client asked for (SNI); none on the client's side.
    pub fn server_name(&self) -> Option<&str> {
        match &self.transfer.session {
            Connection::Server(server) => server.server_name(),
            Connection::Client(_) => None,
        }
    }

    /// The certificates of the peer, its own first, if it showed any.
    pub fn peer_certificates(&self) -> Option<&[CertificateDer<'static>]> {
        self.transfer.session.peer_certificates()
    }

    /// The version of TLS in use.
    pub fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.transfer.session.protocol_version()
    }

    /// Whether an earlier session was resumed, which saves both sides the costly half of the handshake.
    pub fn is_resumed(&self) -> bool {
        self.transfer.session.handshake_kind() == Some(HandshakeKind::Resumed)
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> TlsStream<Io> {
    /// Waits until there are decrypted bytes, or the end.
    fn poll_plaintext(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match self.transfer.session.reader().fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result.map(drop)),
            }
            if self.transfer.session.wants_write() {
                self.send_left(cx);
            }
            ready!(self.transfer.poll_receive(cx))?;
        }
    }

    /// Sends answers of the protocol itself, and what a writer left. That they cannot be sent is the writer's to learn;
    /// there may be bytes to read still.
    fn send_left(&mut self, cx: &mut Context<'_>) {
        let sent = match &self.writer {
            Writer::Waits(writer) if !writer.will_wake(cx.waker()) => {
                // The stream has one place for whoever waits to write; the writer keeps its share of it.
                let both = Waker::from(Arc::new(Both(writer.clone(), cx.waker().clone())));
                self.transfer.poll_send(&mut Context::from_waker(&both))
            }
            Writer::Waits(_) | Writer::Idle => self.transfer.poll_send(cx),
        };
        if sent.is_ready()
            && let Writer::Waits(writer) = std::mem::replace(&mut self.writer, Writer::Idle)
        {
            writer.wake();
        }
    }

    /// Encrypts what `write` gives rustls, and sends what the stream takes.
    fn poll_encrypt(
        &mut self,
        cx: &mut Context<'_>,
        mut write: impl FnMut(&mut rustls::Writer<'_>) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        if self.writing != Writing::Open {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        loop {
            let taken = write(&mut self.transfer.session.writer())?;
            let sent = self.transfer.poll_send(cx)?;
            if taken > 0 {
                return Poll::Ready(Ok(taken));
            }
            // Rustls' buffer was full.
            ready!(sent);
        }
    }

    /// Notes whether the writing side waits, as `poll` says.
    fn note<T>(&mut self, cx: &Context<'_>, poll: Poll<T>) -> Poll<T> {
        match (&poll, &self.writer) {
            (Poll::Ready(_), _) => self.writer = Writer::Idle,
            (Poll::Pending, Writer::Waits(writer)) if writer.will_wake(cx.waker()) => {}
            (Poll::Pending, _) => self.writer = Writer::Waits(cx.waker().clone()),
        }
        poll
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.writing == Writing::Open {
            self.transfer.session.send_close_notify();
            self.writing = Writing::Closing;
        }
        ready!(self.transfer.poll_send(cx))?;
        Pin::new(&mut self.transfer.io).poll_shutdown(cx)
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_plaintext(cx))?;
        let mut reader = self.transfer.session.reader();
        while buf.remaining() > 0 {
            // What ends the loop ends the next read too, and is told then.
            let Ok(chunk) = reader.fill_buf() else { break };
            let len = chunk.len().min(buf.remaining());
            if len == 0 {
                break;
            }
            buf.put_slice(&chunk[..len]);
            reader.consume(len);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_read_closed(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.transfer.io).poll_read_closed(cx)
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncBufRead for TlsStream<Io> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        ready!(this.poll_plaintext(cx))?;
        Poll::Ready(this.transfer.session.reader().into_first_chunk())
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        self.transfer.session.reader().consume(amount);
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<Io> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let poll = self.poll_encrypt(cx, |writer| writer.write(buf));
        self.note(cx, poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        let poll = self.poll_encrypt(cx, |writer| writer.write_vectored(bufs));
        self.note(cx, poll)
    }

    /// Several slices become one record.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = self.transfer.poll_flush(cx);
        self.note(cx, poll)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = self.poll_close(cx);
        self.note(cx, poll)
    }
}

bridge!([Io: AsyncRead + AsyncWrite + Unpin] TlsStream<Io>; read);
bridge!([Io: AsyncRead + AsyncWrite + Unpin] TlsStream<Io>; write);
