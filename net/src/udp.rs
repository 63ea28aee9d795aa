//! Datagrams.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket as StdSocket};
use std::task::{Context, Poll};

use minato_runtime::io::ReadBuf;

use crate::addr::{ToSocketAddrs, resolve, try_each};
use crate::readiness::readiness_methods;
use crate::source::{Interest, PollEvented, descriptor};

/// A UDP socket. All methods take `&self`, so that several tasks may share it behind an [`Arc`](std::sync::Arc).
///
/// ```
/// use minato_net::UdpSocket;
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// let a = UdpSocket::bind("127.0.0.1:0").await?;
/// let b = UdpSocket::bind("127.0.0.1:0").await?;
/// a.send_to(b"ahoy", b.local_addr()?).await?;
/// let mut buf = [0; 16];
/// let (len, from) = b.recv_from(&mut buf).await?;
/// assert_eq!((&buf[..len], from), (&b"ahoy"[..], a.local_addr()?));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct UdpSocket {
    io: PollEvented<StdSocket>,
}

impl UdpSocket {
    /// Binds to the first of the addresses that can be bound.
    ///
    /// # Errors
    ///
    /// The error of the last address tried, or of the name lookup.
    pub async fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        try_each(address, async |address| Self::from_std(StdSocket::bind(address)?)).await
    }

    /// Takes a socket that was set up elsewhere, and puts it into non-blocking mode.
    ///
    /// # Errors
    ///
    /// If the mode cannot be set.
    pub fn from_std(socket: StdSocket) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self { io: PollEvented::new(socket) })
    }

    /// Gives the socket to the standard library, still in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If the socket cannot leave its driver.
    pub fn into_std(self) -> io::Result<StdSocket> {
        self.io.into_inner()
    }

    /// Sends to and receives from one peer only, from now on.
    ///
    /// # Errors
    ///
    /// The error of the last address tried, or of the name lookup.
    pub async fn connect(&self, address: impl ToSocketAddrs) -> io::Result<()> {
        try_each(address, async |address| self.io.get_ref().connect(address)).await
    }

    /// Sends a datagram to the connected peer.
    ///
    /// # Errors
    ///
    /// Those of `send`; also one that reports the fate of an earlier datagram.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing was sent.
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.async_io(Interest::WRITABLE, |io| io.send(buf)).await
    }

    /// Receives a datagram from the connected peer; what does not fit into `buf` is lost.
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

    /// Sends a datagram to the first address of `target`.
    ///
    /// # Errors
    ///
    /// Those of `sendto`, or of the name lookup.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing was sent.
    pub async fn send_to(&self, buf: &[u8], target: impl ToSocketAddrs) -> io::Result<usize> {
        let Some(&target) = resolve(target).await?.first() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the name has no address"));
        };
        self.io.async_io(Interest::WRITABLE, |io| io.send_to(buf, target)).await
    }

    /// Receives a datagram from anybody; what does not fit into `buf` is lost.
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

    /// Receives without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `recvfrom`.
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io.try_io(Interest::READABLE, |io| io.recv_from(buf))
    }

    /// Sends without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `sendto`.
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        self.io.try_io(Interest::WRITABLE, |io| io.send_to(buf, target))
    }

    /// Receives from the connected peer without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `recv`.
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.try_recv(buf)
    }

    /// Sends to the connected peer without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `send`.
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.try_send(buf)
    }

    /// Receives from anybody; one task at a time.
    ///
    /// # Errors
    ///
    /// Those of `recvfrom`.
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.io.poll_read_io(cx, |io| io.recv_from(buf.initialize_unfilled())).map_ok(|(len, from)| {
            buf.advance(len);
            from
        })
    }

    /// Sends to `target`; one task at a time.
    ///
    /// # Errors
    ///
    /// Those of `sendto`.
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.io.poll_write_io(cx, |io| io.send_to(buf, target))
    }

    /// Looks at a datagram without taking it.
    ///
    /// # Errors
    ///
    /// Those of `recvfrom`.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io.async_io(Interest::READABLE, |io| io.peek_from(buf)).await
    }

    readiness_methods!();

    /// The local address.
    ///
    /// # Errors
    ///
    /// Those of `getsockname`.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    /// The address of the connected peer.
    ///
    /// # Errors
    ///
    /// Those of `getpeername`.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().peer_addr()
    }

    /// Lets datagrams be sent to the broadcast address.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        self.io.get_ref().set_broadcast(broadcast)
    }

    /// Sets the time-to-live of packets sent.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.get_ref().set_ttl(ttl)
    }

    /// Joins an IPv4 multicast group on one interface.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn join_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.io.get_ref().join_multicast_v4(&group, &interface)
    }

    /// Leaves an IPv4 multicast group.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn leave_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.io.get_ref().leave_multicast_v4(&group, &interface)
    }
}

descriptor!(UdpSocket);
