//! Taking TCP connections.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};

use socket2::SockRef;

use super::{TcpSocket, TcpStream};
use crate::addr::{ToSocketAddrs, try_each};
use crate::limits::BACKLOG;
use crate::source::{Interest, PollEvented, descriptor};

/// Takes connections at one address.
///
/// For a server, wrap it in an [`AcceptLoop`](crate::accept::AcceptLoop), which goes on when the process has run out
/// of descriptors.
///
/// ```
/// use minato_net::{TcpListener, TcpStream};
/// use minato_runtime::io::copy;
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let address = listener.local_addr()?;
/// let echo = minato_runtime::spawn(async move {
///     let (stream, _) = listener.accept().await?;
///     let (mut read, mut write) = stream.into_split();
///     copy(&mut read, &mut write).await
/// });
/// drop(TcpStream::connect(address).await?);
/// assert_eq!(echo.await.unwrap()?, 0);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct TcpListener {
    io: PollEvented<mio::net::TcpListener>,
}

impl TcpListener {
    /// Listens at the first of the addresses that can be bound, with `SO_REUSEADDR` set.
    ///
    /// # Errors
    ///
    /// The error of the last address tried, or of the name lookup.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    pub async fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        try_each(address, async |address| {
            let socket = TcpSocket::for_address(address)?;
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            socket.listen(BACKLOG.unsigned_abs())
        })
        .await
    }

    /// Takes a listening socket that was set up elsewhere, and puts it into non-blocking mode.
    ///
    /// # Errors
    ///
    /// If the mode cannot be set.
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Self::from_nonblocking(listener)
    }

    pub(super) fn from_nonblocking(listener: std::net::TcpListener) -> io::Result<Self> {
        Ok(Self { io: PollEvented::new(mio::net::TcpListener::from_std(listener)) })
    }

    /// Gives the socket to the standard library, still in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If the socket cannot leave its driver.
    pub fn into_std(self) -> io::Result<std::net::TcpListener> {
        Ok(OwnedFd::from(self.io.into_inner()?).into())
    }

    /// Waits for a connection.
    ///
    /// # Errors
    ///
    /// Those of `accept`. Most concern one connection, or the descriptors of the process, and the next call may
    /// succeed.
    ///
    /// # Cancel safety
    ///
    /// No connection is lost when the future is dropped.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = self.io.async_io(Interest::READABLE, mio::net::TcpListener::accept).await?;
        Ok((TcpStream::from_connected(OwnedFd::from(stream).into())?, peer))
    }

    /// Waits for a connection; one task at a time.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        self.io.poll_read_io(cx, mio::net::TcpListener::accept).map(|accepted| {
            let (stream, peer) = accepted?;
            Ok((TcpStream::from_connected(OwnedFd::from(stream).into())?, peer))
        })
    }

    /// The address listened at.
    ///
    /// # Errors
    ///
    /// Those of `getsockname`.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    /// The error that waits on the socket, which is taken.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt`.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.get_ref().take_error()
    }

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
        SockRef::from(self).set_ttl_v4(ttl)
    }
}

descriptor!(TcpListener);
