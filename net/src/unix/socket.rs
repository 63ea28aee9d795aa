//! A Unix socket before it listens, connects or is bound.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;

use minato_runtime::time::sleep;
use socket2::{Domain, SockAddr, Socket, Type};

use super::{UnixDatagram, UnixListener, UnixStream};
use crate::limits::{BACKLOG_PAUSE_MAX, BACKLOG_PAUSE_MIN};
use crate::sys;

/// A Unix socket that does not listen and is not connected yet.
///
/// It is what [`UnixListener::bind`], [`UnixStream::connect`] and the like are made of, for those who need a step in
/// between: a backlog of their own, a stream with a name, and on Linux a connection to an abstract name.
///
/// ```
/// use minato_net::unix::UnixSocket;
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// # let path = std::env::temp_dir().join(format!("minato-doc-{}", std::process::id()));
/// let socket = UnixSocket::new_stream()?;
/// socket.bind(&path)?;
/// let listener = socket.listen(16)?;
/// let stream = UnixSocket::new_stream()?.connect(&path).await?;
/// # let _ = (listener, stream, std::fs::remove_file(path));
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

    pub(super) fn new(kind: Type) -> io::Result<Self> {
        Ok(Self { socket: sys::socket(Domain::UNIX, kind, None)? })
    }

    /// Binds the socket to a path, which must not exist.
    ///
    /// # Errors
    ///
    /// Those of `bind`.
    pub fn bind(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.socket.bind(&SockAddr::unix(path)?)
    }

    /// Takes connections of a stream socket; the kernel keeps at most `backlog` that were not accepted yet.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the socket is not one for streams, and those of `listen`.
    pub fn listen(self, backlog: u32) -> io::Result<UnixListener> {
        UnixListener::from_std(self.listening(Type::STREAM, backlog)?.into())
    }

    pub(super) fn listening(self, kind: Type, backlog: u32) -> io::Result<Socket> {
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
        self.connect_stream(&SockAddr::unix(path)?).await
    }

    pub(super) async fn connect_stream(self, address: &SockAddr) -> io::Result<UnixStream> {
        Ok(UnixStream::from_nonblocking(self.connected(Type::STREAM, address).await?.into()))
    }

    pub(super) async fn connected(self, kind: Type, address: &SockAddr) -> io::Result<Socket> {
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
