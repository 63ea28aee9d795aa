//! Connections that keep the bounds of messages (`SOCK_SEQPACKET`).

use std::io;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::task::{Context, Poll};

use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, acceptfrom_with};
use socket2::{SockAddr, Type};

use super::UnixSocket;
use super::descriptors::descriptor_methods;
use crate::limits::BACKLOG;
use crate::readiness::readiness_methods;
use crate::source::{Interest, PollEvented, descriptor};
use crate::sys::NO_SIGNAL;

/// A Unix connection that is reliable and ordered like a stream, and keeps the bounds of messages like datagrams.
///
/// Not on macOS, which has none.
///
/// ```
/// use minato_net::unix::UnixSeqpacket;
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// let (a, b) = UnixSeqpacket::pair()?;
/// a.send(b"one").await?;
/// a.send(b"two").await?;
/// let mut buf = [0; 16];
/// assert_eq!(b.recv(&mut buf).await?, 3);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct UnixSeqpacket {
    io: PollEvented<OwnedFd>,
}

descriptor!(UnixSeqpacket, UnixSeqpacketListener);

impl UnixSeqpacket {
    /// Connects to the listener at `path`; see [`UnixSocket::connect`].
    ///
    /// # Errors
    ///
    /// Those of `connect`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<Self> {
        UnixSocket::new_seqpacket()?.connect_seqpacket(path).await
    }

    /// Two sockets connected to each other.
    ///
    /// # Errors
    ///
    /// If the process or the system has run out of descriptors.
    pub fn pair() -> io::Result<(Self, Self)> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let (a, b) = rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
        Ok((Self::from_nonblocking(a), Self::from_nonblocking(b)))
    }

    /// Takes a connected socket in non-blocking mode.
    pub(super) fn from_nonblocking(socket: OwnedFd) -> Self {
        Self { io: PollEvented::new(socket) }
    }

    /// Takes a connected seqpacket socket that was set up elsewhere, and puts it into non-blocking mode.
    ///
    /// # Errors
    ///
    /// If the mode cannot be set.
    pub fn from_owned_fd(socket: OwnedFd) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&socket, true)?;
        Ok(Self::from_nonblocking(socket))
    }

    /// Gives the descriptor away, still in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If the socket cannot leave its driver.
    pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
        self.io.into_inner()
    }

    /// Sends one message, whole or not at all.
    ///
    /// # Errors
    ///
    /// Those of `send`; one over the size of the send buffer is refused.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing was sent.
    pub async fn send(&self, message: &[u8]) -> io::Result<usize> {
        self.io.async_io(Interest::WRITABLE, |io| Ok(rustix::net::send(io, message, NO_SIGNAL)?)).await
    }

    /// Receives one message; what does not fit into `buf` is lost, and no bytes are the end, or an empty message.
    ///
    /// # Errors
    ///
    /// Those of `recv`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, no message was taken.
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io
            .async_io(Interest::READABLE, |io| Ok(rustix::net::recv(io, &mut *buf, RecvFlags::empty())?.1))
            .await
    }

    /// Sends one message without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `send`.
    pub fn try_send(&self, message: &[u8]) -> io::Result<usize> {
        self.io.try_send(message)
    }

    /// Receives one message without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `recv`.
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.try_recv(buf)
    }

    /// Ends one or both directions at once.
    ///
    /// # Errors
    ///
    /// Those of `shutdown`.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        socket2::SockRef::from(self).shutdown(how)
    }

    readiness_methods!();
    descriptor_methods!();
}

/// Takes [`UnixSeqpacket`] connections at a path, which stays when the listener is dropped.
#[derive(Debug)]
pub struct UnixSeqpacketListener {
    io: PollEvented<OwnedFd>,
}

impl UnixSeqpacketListener {
    /// Listens at `path`, which must not exist.
    ///
    /// # Errors
    ///
    /// Those of `bind`.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        let socket = UnixSocket::new_seqpacket()?;
        socket.bind(path)?;
        socket.listen_seqpacket(BACKLOG.unsigned_abs())
    }

    pub(super) fn from_nonblocking(socket: OwnedFd) -> Self {
        Self { io: PollEvented::new(socket) }
    }

    /// Waits for a connection.
    ///
    /// # Errors
    ///
    /// Those of `accept`; see [`TcpListener::accept`](crate::TcpListener::accept).
    ///
    /// # Cancel safety
    ///
    /// No connection is lost when the future is dropped.
    pub async fn accept(&self) -> io::Result<UnixSeqpacket> {
        self.io.async_io(Interest::READABLE, accept).await
    }

    /// Waits for a connection; one task at a time.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<UnixSeqpacket>> {
        self.io.poll_read_io(cx, accept)
    }

    readiness_methods!();
}

fn accept(listener: &OwnedFd) -> io::Result<UnixSeqpacket> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    Ok(UnixSeqpacket::from_nonblocking(acceptfrom_with(listener, flags)?.0))
}

impl UnixSocket {
    /// A socket for a connection that keeps the bounds of messages.
    ///
    /// Not on macOS.
    ///
    /// # Errors
    ///
    /// If the process or the system has run out of descriptors.
    pub fn new_seqpacket() -> io::Result<Self> {
        Self::new(Type::SEQPACKET)
    }

    /// Takes connections of a seqpacket socket; the kernel keeps at most `backlog` that were not accepted yet.
    ///
    /// Not on macOS.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the socket is not one for seqpackets, and those of `listen`.
    pub fn listen_seqpacket(self, backlog: u32) -> io::Result<UnixSeqpacketListener> {
        Ok(UnixSeqpacketListener::from_nonblocking(self.listening(Type::SEQPACKET, backlog)?.into()))
    }

    /// Connects a seqpacket socket to the listener at `path`; see [`connect`](Self::connect).
    ///
    /// Not on macOS.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the socket is not one for seqpackets, and those of `connect`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    pub async fn connect_seqpacket(self, path: impl AsRef<Path>) -> io::Result<UnixSeqpacket> {
        let address = SockAddr::unix(path)?;
        Ok(UnixSeqpacket::from_nonblocking(self.connected(Type::SEQPACKET, &address).await?.into()))
    }
}
