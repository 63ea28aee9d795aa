//! A TCP socket before it listens or connects.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::{TcpListener, TcpStream};
use crate::dial::within;
use crate::options::{internet_options, tcp_options};
use crate::source::SocketOption;
use crate::sys;

/// Sets options that must be in place before a socket listens or connects.
///
/// ```
/// use minato_net::TcpSocket;
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// let socket = TcpSocket::new_v4()?;
/// socket.set_reuseport(true)?;
/// socket.bind("127.0.0.1:0".parse().unwrap())?;
/// let listener = socket.listen(128)?;
/// # let _ = listener;
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct TcpSocket {
    socket: Socket,
}

/// When and how often the kernel asks a silent peer whether it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keepalive {
    /// Silence before the first probe.
    pub idle: Duration,
    /// Time between probes; the system's default if none.
    pub interval: Option<Duration>,
    /// Probes without answer before the connection is given up; the system's default if none.
    pub retries: Option<u32>,
}

impl Keepalive {
    /// Probes after `idle` silence, with the system's defaults for the rest.
    #[must_use]
    pub fn after(idle: Duration) -> Self {
        Self { idle, interval: None, retries: None }
    }

    pub(crate) fn apply(self, socket: impl AsFd) -> io::Result<()> {
        let mut keepalive = socket2::TcpKeepalive::new().with_time(self.idle);
        if let Some(interval) = self.interval {
            keepalive = keepalive.with_interval(interval);
        }
        if let Some(retries) = self.retries {
            keepalive = keepalive.with_retries(retries);
        }
        SockRef::from(&socket).set_tcp_keepalive(&keepalive)
    }
}

impl TcpSocket {
    /// A socket for IPv4.
    ///
    /// # Errors
    ///
    /// If the process or the system has run out of descriptors.
    pub fn new_v4() -> io::Result<Self> {
        Self::new(Domain::IPV4)
    }

    /// A socket for IPv6.
    ///
    /// # Errors
    ///
    /// If the process or the system has run out of descriptors.
    pub fn new_v6() -> io::Result<Self> {
        Self::new(Domain::IPV6)
    }

    /// A socket for the family of `address`.
    pub(crate) fn for_address(address: SocketAddr) -> io::Result<Self> {
        Self::new(Domain::for_address(address))
    }

    fn new(domain: Domain) -> io::Result<Self> {
        Ok(Self { socket: sys::socket(domain, Type::STREAM, Some(Protocol::TCP))? })
    }

    /// Takes a socket that was set up elsewhere, and puts it into non-blocking mode.
    ///
    /// # Errors
    ///
    /// If the mode cannot be set.
    pub fn from_std_stream(stream: std::net::TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self { socket: stream.into() })
    }

    /// Lets the socket be bound to an address that a closed connection still holds.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn set_reuseaddr(&self, reuse: bool) -> io::Result<()> {
        self.socket.set_reuse_address(reuse)
    }

    /// Whether an address that a closed connection holds may be bound.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt`.
    pub fn reuseaddr(&self) -> io::Result<bool> {
        self.socket.reuse_address()
    }

    /// Lets several sockets listen at one address; the kernel spreads connections over them.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn set_reuseport(&self, reuse: bool) -> io::Result<()> {
        self.socket.set_reuse_port(reuse)
    }

    /// Whether several sockets may listen at one address.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt`.
    pub fn reuseport(&self) -> io::Result<bool> {
        self.socket.reuse_port()
    }

    /// Sets whether an IPv6 socket keeps to IPv6.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn set_only_v6(&self, only: bool) -> io::Result<()> {
        self.socket.set_only_v6(only)
    }

    internet_options!();
    tcp_options!();

    /// Whether an IPv6 socket keeps to IPv6.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt`.
    pub fn only_v6(&self) -> io::Result<bool> {
        self.socket.only_v6()
    }

    /// How many connections may wait that came with bytes in their first segment; zero if none may.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt`.
    pub fn fastopen(&self) -> io::Result<u32> {
        Ok(SocketOption::FastOpen.get(self)?.unsigned_abs())
    }

    /// Takes bytes that come with the first segment of a connection (TCP Fast Open, RFC 7413) from those who connect to
    /// this socket, of at most `waiting_max` connections before their handshake ends.
    ///
    /// The system must allow it (`net.ipv4.tcp_fastopen`, bit 2); else connections are made as usual. A segment
    /// that is repeated may deliver its bytes twice: only for requests that may be.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn set_fastopen(&self, waiting_max: u32) -> io::Result<()> {
        SocketOption::FastOpen.set(self, waiting_max.try_into().unwrap_or(i32::MAX))
    }

    /// Whether connecting waits for the first write.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt`.
    pub fn fastopen_connect(&self) -> io::Result<bool> {
        Ok(SocketOption::FastOpenConnect.get(self)? != 0)
    }

    /// Has the first bytes written leave with the first segment (TCP Fast Open, RFC 7413), to a peer that has
    /// taken it before.
    ///
    /// Then [`connect`](Self::connect) succeeds at once, and whether there is a peer turns out when it is written to; who
    /// reads before writing waits in vain. To a peer that is new to this machine, connections are made as usual.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn set_fastopen_connect(&self, fastopen: bool) -> io::Result<()> {
        SocketOption::FastOpenConnect.set(self, fastopen.into())
    }

    /// How long a connection whose peer has sent nothing is kept from `accept`.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt`.
    pub fn defer_accept(&self) -> io::Result<Option<Duration>> {
        let seconds = SocketOption::DeferAccept.get(self)?.unsigned_abs();
        Ok((seconds > 0).then(|| Duration::from_secs(seconds.into())))
    }

    /// Keeps a connection from `accept` until its peer has sent something, or about `limit` has passed; whole
    /// seconds, which the kernel rounds up to the times at which it repeats itself.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn set_defer_accept(&self, limit: Option<Duration>) -> io::Result<()> {
        let seconds = limit.map_or(0, |limit| limit.as_millis().div_ceil(1000));
        SocketOption::DeferAccept.set(self, seconds.try_into().unwrap_or(i32::MAX))
    }

    /// The error that waits on the socket, which is taken.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt`.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.take_error()
    }

    /// The address the socket is bound to.
    ///
    /// # Errors
    ///
    /// Those of `getsockname`.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()?.as_socket().ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    /// Binds the socket to a local address.
    ///
    /// # Errors
    ///
    /// Those of `bind`.
    pub fn bind(&self, address: SocketAddr) -> io::Result<()> {
        self.socket.bind(&address.into())
    }

    /// Connects to a peer.
    ///
    /// # Errors
    ///
    /// Those of `connect`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    pub async fn connect(self, address: SocketAddr) -> io::Result<TcpStream> {
        match self.socket.connect(&address.into()) {
            Ok(()) => TcpStream::from_connected(self.socket.into()),
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => {
                TcpStream::from_connecting(self.socket.into()).await
            }
            Err(error) => Err(error),
        }
    }

    /// Connects to a peer, and gives up after `limit`.
    ///
    /// # Errors
    ///
    /// `TimedOut` if the peer has not answered in time, and those of `connect`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    pub async fn connect_timeout(self, address: SocketAddr, limit: Duration) -> io::Result<TcpStream> {
        within(limit, self.connect(address)).await
    }

    /// Takes connections; the kernel keeps at most `backlog` of them that were not accepted yet.
    ///
    /// # Errors
    ///
    /// Those of `listen`.
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        self.socket.listen(backlog.try_into().unwrap_or(i32::MAX))?;
        TcpListener::from_nonblocking(self.socket.into())
    }
}

impl AsFd for TcpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for TcpSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

impl From<TcpSocket> for OwnedFd {
    fn from(socket: TcpSocket) -> Self {
        socket.socket.into()
    }
}
