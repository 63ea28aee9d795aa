//! Unix datagrams.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{SocketAddr, UnixDatagram as StdDatagram};
use std::path::Path;

use crate::readiness::readiness_methods;
use crate::source::{Interest, PollEvented};

/// A Unix datagram socket.
#[derive(Debug)]
pub struct UnixDatagram {
    io: PollEvented<StdDatagram>,
}

impl UnixDatagram {
    /// Binds to `path`, which must not exist.
    ///
    /// # Errors
    ///
    /// Those of `bind`.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::from_std(StdDatagram::bind(path)?)
    }

    /// A socket with no address, which can send but not be sent to.
    ///
    /// # Errors
    ///
    /// If the process or the system has run out of descriptors.
    pub fn unbound() -> io::Result<Self> {
        Self::from_std(StdDatagram::unbound()?)
    }

    /// Two sockets connected to each other.
    ///
    /// # Errors
    ///
    /// If the process or the system has run out of descriptors.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = StdDatagram::pair()?;
        Ok((Self::from_std(a)?, Self::from_std(b)?))
    }

    /// Takes a socket that was set up elsewhere, and puts it into non-blocking mode.
    ///
    /// # Errors
    ///
    /// If the mode cannot be set.
    pub fn from_std(socket: StdDatagram) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self { io: PollEvented::new(socket) })
    }

    /// Sends to and receives from one peer only, from now on.
    ///
    /// # Errors
    ///
    /// Those of `connect`.
    pub fn connect(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.io.get_ref().connect(path)
    }

    /// Sends to the connected peer.
    ///
    /// # Errors
    ///
    /// Those of `send`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing was sent.
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.async_io(Interest::WRITABLE, |io| io.send(buf)).await
    }

    /// Receives from the connected peer.
    ///
    /// # Errors
    ///
    /// Those of `recv`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, no datagram was taken.
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.async_io(Interest::READABLE, |io| io.recv(buf)).await
    }

    /// Sends to the socket at `path`.
    ///
    /// # Errors
    ///
    /// Those of `sendto`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing was sent.
    pub async fn send_to(&self, buf: &[u8], path: impl AsRef<Path>) -> io::Result<usize> {
        self.io.async_io(Interest::WRITABLE, |io| io.send_to(buf, path.as_ref())).await
    }

    /// Receives from anybody.
    ///
    /// # Errors
    ///
    /// Those of `recvfrom`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, no datagram was taken.
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io.async_io(Interest::READABLE, |io| io.recv_from(buf)).await
    }

    /// The local address.
    ///
    /// # Errors
    ///
    /// Those of `getsockname`.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    readiness_methods!();
}

impl AsFd for UnixDatagram {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.get_ref().as_fd()
    }
}
