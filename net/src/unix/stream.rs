//! One Unix connection.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::{SocketAddr, UnixStream as StdStream};
use std::path::Path;

use super::descriptors::descriptor_methods;
use super::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, UnixSocket, WriteHalf};
use crate::halves;
use crate::readiness::{readiness_methods, try_transfer_methods};
use crate::source::{PollEvented, descriptor};
use crate::stream::{readable, shared_stream, writable};
use crate::sys::named;

/// A Unix stream connection; see [`TcpStream`](crate::TcpStream).
///
/// ```
/// use minato_net::UnixStream;
/// use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
/// use std::os::fd::AsFd;
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// let (near, far) = UnixStream::pair()?;
/// // A file travels with at least one byte.
/// let file = std::fs::File::open("/dev/null")?;
/// near.send_with_descriptors(b"!", &[file.as_fd()]).await?;
/// let received = far.recv_with_descriptors(&mut [0; 1]).await?;
/// assert_eq!((received.len, received.descriptors.len()), (1, 1));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct UnixStream {
    pub(crate) io: PollEvented<StdStream>,
}

shared_stream!(UnixStream);
readable!([] UnixStream, this => this);
writable!([] UnixStream, this => this);

impl UnixStream {
    /// Connects to the listener at `path`, and waits for room in its backlog; see [`UnixSocket::connect`].
    ///
    /// # Errors
    ///
    /// Those of `connect`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<Self> {
        UnixSocket::new_stream()?.connect(path).await
    }

    /// Connects to the listener at `address`, a path or, on Linux, an abstract name.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for an address without a name, and those of `connect`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    pub async fn connect_addr(address: &SocketAddr) -> io::Result<Self> {
        let socket = UnixSocket::new_stream()?;
        match named(address)? {
            Some(address) => socket.connect_stream(&address).await,
            None => Err(io::Error::new(io::ErrorKind::InvalidInput, "the address has no name")),
        }
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

    /// The error that waits on the socket, which is taken.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt`.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.get_ref().take_error()
    }

    descriptor_methods!();

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

descriptor!(UnixStream);
