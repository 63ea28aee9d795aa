//! One datagram at a time.

use std::io;
use std::net::{SocketAddr, UdpSocket as StdSocket};
use std::task::{Context, Poll};

use minato_runtime::io::ReadBuf;
use rustix::net::{RecvFlags, SocketAddrAny};

use crate::addr::{ToSocketAddrs, resolve, try_each};
use crate::options::{internet_options, option_methods};
use crate::readiness::readiness_methods;
use crate::source::{BufMut, Interest, PollEvented, descriptor};

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
    pub(super) io: PollEvented<StdSocket>,
}

impl UdpSocket {
    /// Binds to the first of the addresses that can be bound.
    ///
    /// # Errors
    ///
    /// The error of the last address tried, or of the name lookup.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
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
    ///
    /// # Cancel safety
    ///
    /// Only the lookup is waited for: if the future is dropped before it is ready, the peer is the one from before.
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

    /// Receives a datagram from anybody; one task at a time. What does not fit into `buf` is lost.
    ///
    /// # Errors
    ///
    /// Those of `recvfrom`.
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.io.poll_recv_from(cx, buf, RecvFlags::empty()).map(|from| sender(from?))
    }

    /// Receives a datagram from the connected peer; one task at a time. What does not fit into `buf` is lost.
    ///
    /// # Errors
    ///
    /// Those of `recv`.
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.io.poll_recv_from(cx, buf, RecvFlags::empty()).map_ok(drop)
    }

    /// Sends a datagram to the connected peer; one task at a time.
    ///
    /// # Errors
    ///
    /// Those of `send`.
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.io.poll_write_io(cx, |io| io.send(buf))
    }

    /// Appends a datagram to `buf`, whose spare room need not be initialised; what does not fit is lost.
    ///
    /// # Errors
    ///
    /// Those of `recv`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, no datagram was taken.
    pub async fn recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        loop {
            self.readable().await?;
            match self.io.try_recv_buf(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
        }
    }

    /// Appends a datagram to `buf` and answers who sent it; see [`recv_buf`](Self::recv_buf).
    ///
    /// # Errors
    ///
    /// Those of `recvfrom`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, no datagram was taken.
    pub async fn recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        loop {
            self.readable().await?;
            match self.try_recv_buf_from(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
        }
    }

    /// Appends a datagram to `buf` without waiting; see [`recv_buf`](Self::recv_buf).
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `recv`.
    pub fn try_recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.io.try_recv_buf(buf)
    }

    /// Appends a datagram to `buf` and answers who sent it, without waiting; see [`recv_buf`](Self::recv_buf).
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `recvfrom`.
    pub fn try_recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        let (len, from) = self.io.try_recv_buf_from(buf)?;
        Ok((len, sender(from)?))
    }

    /// Looks at a datagram of the connected peer without taking it.
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

    /// Looks at a datagram of the connected peer without taking it; one task at a time.
    ///
    /// # Errors
    ///
    /// Those of `recv`.
    pub fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.io.poll_recv_from(cx, buf, RecvFlags::PEEK).map_ok(drop)
    }

    /// Looks at a datagram of the connected peer without taking it or waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `recv`.
    pub fn try_peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.try_io(Interest::READABLE, |io| io.peek(buf))
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

    /// Looks at a datagram without taking it; one task at a time.
    ///
    /// # Errors
    ///
    /// Those of `recvfrom`.
    pub fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.io.poll_recv_from(cx, buf, RecvFlags::PEEK).map(|from| sender(from?))
    }

    /// Looks at a datagram without taking it or waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `recvfrom`.
    pub fn try_peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io.try_io(Interest::READABLE, |io| io.peek_from(buf))
    }

    /// Waits for a datagram and answers who sent it, without taking it.
    ///
    /// # Errors
    ///
    /// Those of `recvfrom`.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn peek_sender(&self) -> io::Result<SocketAddr> {
        self.io.async_io(Interest::READABLE, |io| io.peek_from(&mut []).map(|(_, from)| from)).await
    }

    /// Waits for a datagram and answers who sent it, without taking it; one task at a time.
    ///
    /// # Errors
    ///
    /// Those of `recvfrom`.
    pub fn poll_peek_sender(&self, cx: &mut Context<'_>) -> Poll<io::Result<SocketAddr>> {
        self.poll_peek_from(cx, &mut ReadBuf::new(&mut []))
    }

    /// Answers who sent the next datagram, without taking it or waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `recvfrom`.
    pub fn try_peek_sender(&self) -> io::Result<SocketAddr> {
        self.try_peek_from(&mut []).map(|(_, from)| from)
    }

    readiness_methods!();

    /// Waits until the socket may have a datagram; one task at a time.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_read_ready(cx)
    }

    /// Waits until the socket may take a datagram; one task at a time.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write_ready(cx)
    }

    internet_options!();
    option_methods! {
        /// How many routers an IPv4 datagram may pass.
        get ttl = ttl_v4;
        /// Sets how many routers an IPv4 datagram may pass.
        set set_ttl(ttl: u32) = set_ttl_v4;

        /// Whether datagrams may be sent to the broadcast address.
        get broadcast = broadcast;
        /// Lets datagrams be sent to the broadcast address.
        set set_broadcast(broadcast: bool) = set_broadcast;
    }

    /// The error that waits on the socket, which is taken.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt`.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.get_ref().take_error()
    }

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
}

/// An address that the kernel filled in.
fn sender(from: Option<SocketAddrAny>) -> io::Result<SocketAddr> {
    let from = from.and_then(|from| SocketAddr::try_from(from).ok());
    from.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the datagram has no sender"))
}

descriptor!(UdpSocket);
