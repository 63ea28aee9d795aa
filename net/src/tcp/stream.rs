//! One TCP connection.

use std::io;
use std::net::{Shutdown, SocketAddr};
use std::task::{Context, Poll};
use std::time::Duration;

use minato_runtime::io::ReadBuf;

use super::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, TcpSocket, WriteHalf};
use crate::addr::{ToSocketAddrs, try_each};
use crate::dial::within;
use crate::halves;
use crate::options::{internet_options, tcp_options};
use crate::readiness::{readiness_methods, try_transfer_methods};
use crate::source::{Interest, PollEvented, descriptor};
use crate::stream::{readable, shared_stream, writable};

/// A TCP connection.
///
/// Reads and writes through [`AsyncReadExt`](minato_runtime::io::AsyncReadExt) and
/// [`AsyncWriteExt`](minato_runtime::io::AsyncWriteExt). Dropping it closes the connection in both directions.
///
/// ```
/// use minato_net::{TcpListener, TcpStream};
/// use minato_runtime::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let mut near = TcpStream::connect(listener.local_addr()?).await?;
/// near.set_nodelay(true)?;
/// near.write_all(b"ahoy\nmore").await?;
///
/// let (far, peer) = listener.accept().await?;
/// assert_eq!(peer, near.local_addr()?);
/// let mut line = String::new();
/// BufReader::new(far).read_line(&mut line).await?;
/// assert_eq!(line, "ahoy\n");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct TcpStream {
    pub(crate) io: PollEvented<std::net::TcpStream>,
}

shared_stream!(TcpStream);
readable!([] TcpStream, this => this);
writable!([] TcpStream, this => this);

impl TcpStream {
    /// Connects to the first of the addresses that answers.
    ///
    /// # Errors
    ///
    /// The error of the last address tried, or of the name lookup.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    pub async fn connect(address: impl ToSocketAddrs) -> io::Result<Self> {
        try_each(address, async |address| TcpSocket::for_address(address)?.connect(address).await).await
    }

    /// Connects like [`connect`](Self::connect), and gives up after `limit`, which covers the name lookup and all
    /// addresses together.
    ///
    /// # Errors
    ///
    /// `TimedOut` if nobody has answered in time, and those of [`connect`](Self::connect).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    pub async fn connect_timeout(address: impl ToSocketAddrs, limit: Duration) -> io::Result<Self> {
        within(limit, Self::connect(address)).await
    }

    /// Takes a socket in non-blocking mode.
    pub(super) fn from_connected(stream: std::net::TcpStream) -> io::Result<Self> {
        Ok(Self { io: PollEvented::new(stream) })
    }

    /// Waits until a socket in non-blocking mode is connected.
    pub(super) async fn from_connecting(stream: std::net::TcpStream) -> io::Result<Self> {
        let io = PollEvented::new_connecting(stream);
        // The readiness stays: the first write would not block.
        let _ = io.write_ready().await?;
        match io.get_ref().take_error()? {
            Some(error) => Err(error),
            None => Ok(Self { io }),
        }
    }

    /// Takes a connection that was set up elsewhere, and puts it into non-blocking mode.
    ///
    /// # Errors
    ///
    /// If the mode cannot be set.
    pub fn from_std(stream: std::net::TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Self::from_connected(stream)
    }

    /// Gives the connection to the standard library, still in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If the socket cannot leave its driver.
    pub fn into_std(self) -> io::Result<std::net::TcpStream> {
        self.io.into_inner()
    }

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

    /// Looks at bytes without taking them.
    ///
    /// # Errors
    ///
    /// Those of `recv`.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.async_io(Interest::READABLE, |io| io.peek(buf)).await
    }

    readiness_methods!();
    try_transfer_methods!();

    /// Looks at bytes without taking them; one task at a time.
    ///
    /// # Errors
    ///
    /// Those of `recv`.
    pub fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<usize>> {
        self.io.poll_read_io(cx, |io| io.peek(buf.initialize_unfilled())).map_ok(|peeked| {
            buf.advance(peeked);
            peeked
        })
    }

    internet_options!();
    tcp_options!();

    /// The time-to-live of packets sent.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt`.
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.get_ref().ttl()
    }

    /// Sets the time-to-live of packets sent.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.get_ref().set_ttl(ttl)
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

descriptor!(TcpStream);

impl TryFrom<std::net::TcpStream> for TcpStream {
    type Error = io::Error;

    fn try_from(stream: std::net::TcpStream) -> io::Result<Self> {
        Self::from_std(stream)
    }
}
