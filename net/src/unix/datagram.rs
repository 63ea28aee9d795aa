//! Unix datagrams.

use std::ffi::OsStr;
use std::io;
use std::net::Shutdown;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram as StdDatagram};
use std::path::Path;
use std::task::{Context, Poll};

use minato_runtime::io::ReadBuf;
use rustix::net::{RecvFlags, SocketAddrAny, SocketAddrUnix};

use super::descriptors::descriptor_methods;
use crate::readiness::readiness_methods;
use crate::source::{BufMut, Interest, PollEvented, descriptor};
use crate::sys::without_path;

/// A Unix datagram socket.
///
/// ```
/// use minato_net::UnixDatagram;
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// let (near, far) = UnixDatagram::pair()?;
/// near.send(b"one").await?;
/// near.send(b"three").await?;
/// let mut buf = [0; 16];
/// assert_eq!(far.recv(&mut buf).await?, 3);
/// assert_eq!(far.recv(&mut buf).await?, 5);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
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

    /// The address of the connected peer.
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

    /// Ends one or both directions at once.
    ///
    /// # Errors
    ///
    /// Those of `shutdown`.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io.get_ref().shutdown(how)
    }

    /// Gives the socket to the standard library, still in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If the socket cannot leave its driver.
    pub fn into_std(self) -> io::Result<StdDatagram> {
        self.io.into_inner()
    }

    /// Sends to the connected peer without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `send`.
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.try_send(buf)
    }

    /// Sends to the socket at `path` without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `sendto`.
    pub fn try_send_to(&self, buf: &[u8], path: impl AsRef<Path>) -> io::Result<usize> {
        self.io.try_io(Interest::WRITABLE, |io| io.send_to(buf, path))
    }

    /// Receives from the connected peer without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `recv`.
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.try_recv(buf)
    }

    /// Receives from anybody without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `recvfrom`.
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io.try_io(Interest::READABLE, |io| io.recv_from(buf))
    }

    /// Appends a datagram to `buf`, whose spare room need not be initialised, without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `recv`.
    pub fn try_recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.io.try_recv_buf(buf)
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

    /// Appends a datagram to `buf` and answers who sent it, without waiting; see [`recv_buf`](Self::recv_buf).
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `recvfrom`.
    pub fn try_recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        let (len, from) = self.io.try_recv_buf_from(buf)?;
        Ok((len, sender(from)?))
    }

    /// Waits until a datagram may be there; one task at a time.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_read_ready(cx)
    }

    /// Waits until a datagram may be sent; one task at a time.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write_ready(cx)
    }

    /// Sends to the connected peer; one task at a time.
    ///
    /// # Errors
    ///
    /// Those of `send`.
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.io.poll_write_io(cx, |io| io.send(buf))
    }

    /// Sends to the socket at `path`; one task at a time.
    ///
    /// # Errors
    ///
    /// Those of `sendto`.
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        path: impl AsRef<Path>,
    ) -> Poll<io::Result<usize>> {
        self.io.poll_write_io(cx, |io| io.send_to(buf, path.as_ref()))
    }

    /// Receives from the connected peer; one task at a time.
    ///
    /// # Errors
    ///
    /// Those of `recv`.
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.io.poll_recv_from(cx, buf, RecvFlags::empty()).map_ok(drop)
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

    readiness_methods!();
    descriptor_methods!();
}

descriptor!(UnixDatagram);

/// Who sent a datagram; somebody without a name, if the kernel says nothing.
fn sender(from: Option<SocketAddrAny>) -> io::Result<SocketAddr> {
    let from = from.map(SocketAddrUnix::try_from).transpose()?;
    match &from {
        Some(from) if let Some(path) = from.path_bytes() => {
            SocketAddr::from_pathname(OsStr::from_bytes(path))
        }
        Some(from) => without_path(from),
        // The address without a name is the empty path.
        None => SocketAddr::from_pathname(""),
    }
}
