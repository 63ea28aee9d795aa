//! One Unix connection.

use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{SocketAddr, UnixStream as StdStream};
use std::path::Path;

use socket2::{Domain, SockAddr, Socket, Type};

use super::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf};
use crate::halves;
use crate::readiness::{readiness_methods, try_transfer_methods};
use crate::source::PollEvented;
use crate::stream::{readable, shared_stream, writable};

/// A Unix stream connection; see [`TcpStream`](crate::TcpStream).
#[derive(Debug)]
pub struct UnixStream {
    pub(crate) io: PollEvented<StdStream>,
}

shared_stream!(UnixStream);
readable!([] UnixStream, this => this);
writable!([] UnixStream, this => this);

/// Who is at the other end of a Unix connection, as it was when the connection was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UCred {
    uid: u32,
    gid: u32,
    pid: i32,
}

impl UCred {
    /// The user.
    #[must_use]
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// The group.
    #[must_use]
    pub fn gid(&self) -> u32 {
        self.gid
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        (self.pid > 0).then_some(self.pid)
    }
}

impl UnixStream {
    /// Connects to the listener at `path`.
    ///
    /// # Errors
    ///
    /// Those of `connect`. A listener whose backlog is full gives `WouldBlock`, as Linux has no way to wait for it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<Self> {
        let address = SockAddr::unix(path)?;
        let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None)?;
        socket.connect(&address)?;
        Ok(Self::from_nonblocking(socket.into()))
    }

    /// Two streams connected to each other.
    ///
    /// # Errors
    ///
    /// If the process or the system has run out of descriptors.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = StdStream::pair()?;
        Ok((Self::from_std(a)?, Self::from_std(b)?))
    }

    pub(super) fn from_nonblocking(stream: StdStream) -> Self {
        Self { io: PollEvented::new(stream) }
    }

    /// Takes a connection that was set up elsewhere, and puts it into non-blocking mode.
    ///
    /// # Errors
    ///
    /// If the mode cannot be set.
    pub fn from_std(stream: StdStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self::from_nonblocking(stream))
    }

    /// Gives the connection to the standard library, still in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If the socket cannot leave its driver.
    pub fn into_std(self) -> io::Result<StdStream> {
        self.io.into_inner()
    }

    readiness_methods!();
    try_transfer_methods!();

    /// The local address.
    ///
    /// # Errors
    ///
    /// Those of `getsockname`.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    /// The address of the peer.
    ///
    /// # Errors
    ///
    /// Those of `getpeername`.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().peer_addr()
    }

    /// Who is at the other end.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt`.
    #[cfg(target_os = "linux")]
    pub fn peer_cred(&self) -> io::Result<UCred> {
        let cred = rustix::net::sockopt::socket_peercred(self)?;
        Ok(UCred { uid: cred.uid.as_raw(), gid: cred.gid.as_raw(), pid: cred.pid.as_raw_nonzero().get() })
    }

    /// Ends one or both directions at once.
    ///
    /// # Errors
    ///
    /// Those of `shutdown`.
    pub fn shutdown_now(&self, how: Shutdown) -> io::Result<()> {
        self.io.get_ref().shutdown(how)
    }

    /// Borrows the two directions apart, at no cost.
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        halves::split(self)
    }

    /// Takes the two directions apart, for two tasks.
    #[must_use]
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        halves::into_split(self)
    }
}

impl AsFd for UnixStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.get_ref().as_fd()
    }
}
