//! A Unix socket before it listens, connects or is bound.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::path::Path;

use minato_runtime::time::sleep;
use socket2::{Domain, SockAddr, Socket, Type};

use super::{UnixDatagram, UnixListener, UnixSeqpacket, UnixSeqpacketListener, UnixStream};
use crate::limits::{BACKLOG_PAUSE_MAX, BACKLOG_PAUSE_MIN};

/// A Unix socket that does not listen and is not connected yet.
///
/// It is what [`UnixListener::bind`], [`UnixStream::connect`] and the like are made of, for those who need a step in
/// between: a backlog of their own, a stream with a name, a connection to an abstract name.
///
/// ```
/// use minato_net::unix::UnixSocket;
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// # let name = format!("minato-doc-{}", std::process::id());
/// let socket = UnixSocket::new_stream()?;
/// socket.bind_abstract(&name)?;
/// let listener = socket.listen(16)?;
/// let stream = UnixSocket::new_stream()?.connect_abstract(&name).await?;
/// # let _ = (listener, stream);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct UnixSocket {
    socket: Socket,
}

impl UnixSocket {
    /// A socket for a stream of bytes.
    ///
    /// # Errors
    ///
    /// If the process or the system has run out of descriptors.
    pub fn new_stream() -> io::Result<Self> {
        Self::new(Type::STREAM)
    }

    /// A socket for datagrams.
    ///
    /// # Errors
    ///
    /// If the process or the system has run out of descriptors.
    pub fn new_datagram() -> io::Result<Self> {
        Self::new(Type::DGRAM)
    }

    /// A socket for a connection that keeps the bounds of messages.
    ///
    /// # Errors
    ///
    /// If the process or the system has run out of descriptors.
    pub fn new_seqpacket() -> io::Result<Self> {
        Self::new(Type::SEQPACKET)
    }

    fn new(kind: Type) -> io::Result<Self> {
        Ok(Self { socket: Socket::new(Domain::UNIX, kind.nonblocking(), None)? })
    }

    /// Binds the socket to a path, which must not exist.
    ///
    /// # Errors
    ///
    /// Those of `bind`.
    pub fn bind(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.socket.bind(&SockAddr::unix(path)?)
    }

    /// Binds the socket to a name in Linux's abstract namespace, which no file shows and which ends with the socket.
    ///
    /// # Errors
    ///
    /// Those of `bind`; `InvalidInput` for a name over 107 bytes.
    pub fn bind_abstract(&self, name: impl AsRef<[u8]>) -> io::Result<()> {
        self.socket.bind(&abstract_address(name.as_ref())?)
    }

    /// Takes connections of a stream socket; the kernel keeps at most `backlog` that were not accepted yet.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the socket is not one for streams, and those of `listen`.
    pub fn listen(self, backlog: u32) -> io::Result<UnixListener> {
        UnixListener::from_std(self.listening(Type::STREAM, backlog)?.into())
    }

    /// Takes connections of a seqpacket socket; the kernel keeps at most `backlog` that were not accepted yet.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the socket is not one for seqpackets, and those of `listen`.
    pub fn listen_seqpacket(self, backlog: u32) -> io::Result<UnixSeqpacketListener> {
        Ok(UnixSeqpacketListener::from_nonblocking(self.listening(Type::SEQPACKET, backlog)?.into()))
    }

    fn listening(self, kind: Type, backlog: u32) -> io::Result<Socket> {
        self.expect(kind)?;
        self.socket.listen(backlog.try_into().unwrap_or(i32::MAX))?;
        Ok(self.socket)
    }

    /// Connects a stream socket to the listener at `path`, and waits for room in its backlog if that is full.
    ///
    /// The kernel does not tell when there is room, so this tries again, first after one millisecond, then less often,
    /// at least every 64 milliseconds.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the socket is not one for streams, and those of `connect`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    pub async fn connect(self, path: impl AsRef<Path>) -> io::Result<UnixStream> {
        let address = SockAddr::unix(path)?;
        Ok(UnixStream::from_nonblocking(self.connected(Type::STREAM, &address).await?.into()))
    }

    /// Connects a stream socket to the listener at an abstract name; see [`connect`](Self::connect).
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), and `InvalidInput` for a name over 107 bytes.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    pub async fn connect_abstract(self, name: impl AsRef<[u8]>) -> io::Result<UnixStream> {
        let address = abstract_address(name.as_ref())?;
        Ok(UnixStream::from_nonblocking(self.connected(Type::STREAM, &address).await?.into()))
    }

    /// Connects a seqpacket socket to the listener at `path`; see [`connect`](Self::connect).
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

    async fn connected(self, kind: Type, address: &SockAddr) -> io::Result<Socket> {
        self.expect(kind)?;
        let mut pause = BACKLOG_PAUSE_MIN;
        loop {
            match self.socket.connect(address) {
                Ok(()) => return Ok(self.socket),
                // connect(2): EAGAIN, for a Unix socket, is a full backlog.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    sleep(pause).await;
                    pause = (pause * 2).min(BACKLOG_PAUSE_MAX);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes a datagram socket of it.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the socket is not one for datagrams.
    pub fn datagram(self) -> io::Result<UnixDatagram> {
        self.expect(Type::DGRAM)?;
        UnixDatagram::from_std(self.socket.into())
    }

    fn expect(&self, kind: Type) -> io::Result<()> {
        if self.socket.r#type()? == kind {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::InvalidInput, "the socket is of another kind"))
    }
}

/// The address of a name in the abstract namespace.
fn abstract_address(name: &[u8]) -> io::Result<SockAddr> {
    // The same rules as std's, which has no way into socket2's type: a zero byte, then the name.
    SocketAddr::from_abstract_name(name)?;
    let mut path = vec![0];
    path.extend_from_slice(name);
    SockAddr::unix(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(&path))
}

impl AsFd for UnixSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for UnixSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

impl From<UnixSocket> for OwnedFd {
    fn from(socket: UnixSocket) -> Self {
        socket.socket.into()
    }
}
