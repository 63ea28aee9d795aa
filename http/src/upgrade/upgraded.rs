//! The bytes after HTTP.

use std::any::Any;
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use minato_runtime::io::{AsyncRead, AsyncWrite, ReadBuf, tokio_compat};

use super::Tunnel;
use crate::server::shutdown::{Guest, Stage};

/// A connection that has stopped speaking HTTP, or the HTTP/2 stream that stands for one.
///
/// It counts as an open connection of its server: shutdown waits for it within its time, and after that its reads and
/// writes fail with [`ConnectionAborted`](io::ErrorKind::ConnectionAborted).
///
/// Besides our own traits it implements `tokio::io::AsyncRead` and `AsyncWrite`, for the libraries that ask for them.
pub struct Upgraded {
    io: Io,
    /// Read behind the message that ended HTTP.
    rest: Bytes,
    guest: Option<Guest>,
}

enum Io {
    Connection(Box<dyn Connection>),
    Tunnel(Box<Tunnel>),
}

/// The connection as it was before HTTP, and the bytes that were read of it and belong to what follows.
#[derive(Debug)]
#[non_exhaustive]
pub struct Parts<T> {
    /// The connection.
    pub io: T,
    /// What has been read and not been used; it comes before anything read from `io`.
    pub read_buf: Bytes,
}

trait Connection: AsyncRead + AsyncWrite + Unpin + Send + Any {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + Any> Connection for T {}

impl Upgraded {
    pub(crate) fn connection<T>(io: T, rest: Bytes, guest: Option<Guest>) -> Self
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        Self { io: Io::Connection(Box::new(io)), rest, guest }
    }

    pub(crate) fn tunnel(tunnel: Tunnel) -> Self {
        Self { io: Io::Tunnel(Box::new(tunnel)), rest: Bytes::new(), guest: None }
    }

    /// The connection itself, if that is what it is made of.
    ///
    /// From then on it does not count as a connection of the server.
    ///
    /// # Errors
    ///
    /// `self`, if it is made of something else: an HTTP/2 stream is no `T` at all.
    pub fn downcast<T: Any>(self) -> Result<Parts<T>, Self> {
        match self.io {
            Io::Connection(io) if (&*io as &dyn Any).is::<T>() => {
                let io: Box<dyn Any> = io;
                match io.downcast() {
                    Ok(io) => Ok(Parts { io: *io, read_buf: self.rest }),
                    Err(_) => unreachable!("the type was compared"),
                }
            }
            io => Err(Self { io, ..self }),
        }
    }

    /// Whether the server has asked its connections to end. A protocol that can say goodbye does so now.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.guest.as_ref().is_some_and(|guest| guest.stage() > Stage::Serving)
    }

    /// Looks whether the server has run out of patience; leaves the waker if not.
    fn check(&mut self, cx: &Context<'_>) -> io::Result<()> {
        let Some(guest) = &mut self.guest else { return Ok(()) };
        if guest.stage() < Stage::Aborting {
            // Draining asks for nothing here, but is to be looked past.
            while guest.poll_changed(cx).is_ready() {}
        }
        if guest.stage() < Stage::Aborting {
            return Ok(());
        }
        guest.mark_cut();
        Err(io::ErrorKind::ConnectionAborted.into())
    }
}

impl AsyncRead for Upgraded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let me = &mut *self;
        if me.rest.has_remaining() {
            let len = me.rest.len().min(buf.remaining());
            buf.put_slice(&me.rest.split_to(len));
            return Poll::Ready(Ok(()));
        }
        let polled = match &mut me.io {
            Io::Connection(io) => Pin::new(&mut **io).poll_read(cx, buf),
            Io::Tunnel(tunnel) => tunnel.poll_read(cx, buf),
        };
        match polled {
            Poll::Pending => match me.check(cx) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            },
            ready => ready,
        }
    }

    fn poll_read_closed(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.io {
            Io::Connection(io) => Pin::new(&mut **io).poll_read_closed(cx),
            Io::Tunnel(_) => Poll::Pending,
        }
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        match &mut self.io {
            Io::Connection(io) => Pin::new(&mut **io).poll_write(cx, buf),
            Io::Tunnel(tunnel) => tunnel.poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Connection(io) => Pin::new(&mut **io).poll_flush(cx),
            Io::Tunnel(_) => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Connection(io) => Pin::new(&mut **io).poll_shutdown(cx),
            Io::Tunnel(tunnel) => Poll::Ready(tunnel.shutdown()),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        match &mut self.io {
            Io::Connection(io) => Pin::new(&mut **io).poll_write_vectored(cx, bufs),
            Io::Tunnel(tunnel) => {
                let first = bufs.iter().find(|buf| !buf.is_empty());
                tunnel.poll_write(cx, first.map_or(&[], |buf| buf))
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Connection(io) => io.is_write_vectored(),
            Io::Tunnel(_) => false,
        }
    }
}

impl tokio::io::AsyncRead for Upgraded {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        tokio_compat::poll_read(self, cx, buf)
    }
}

impl tokio::io::AsyncWrite for Upgraded {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(self, cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(self, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_shutdown(self, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write_vectored(self, cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        AsyncWrite::is_write_vectored(self)
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.io {
            Io::Connection(_) => "connection",
            Io::Tunnel(_) => "HTTP/2 stream",
        };
        f.debug_struct("Upgraded").field("io", &kind).field("rest", &self.rest.len()).finish_non_exhaustive()
    }
}
