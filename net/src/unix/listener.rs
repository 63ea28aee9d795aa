//! Taking Unix connections.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::SocketAddr;
use std::path::Path;
use std::task::{Context, Poll};

use super::UnixStream;
use crate::source::{Interest, PollEvented, descriptor};

/// Takes connections at a path. The path stays when the listener is dropped; removing it is the caller's business.
///
/// ```
/// use minato_net::{UnixListener, UnixStream};
/// use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// # let path = std::env::temp_dir().join(format!("minato-doc-listener-{}", std::process::id()));
/// let listener = UnixListener::bind(&path)?;
/// let mut near = UnixStream::connect(&path).await?;
/// near.write_all(b"ahoy").await?;
/// let (mut far, _) = listener.accept().await?;
/// let mut text = [0; 4];
/// far.read_exact(&mut text).await?;
/// assert_eq!(&text, b"ahoy");
/// std::fs::remove_file(&path)?;
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct UnixListener {
    io: PollEvented<mio::net::UnixListener>,
}

impl UnixListener {
    /// Listens at `path`, which must not exist.
    ///
    /// # Errors
    ///
    /// Those of `bind`.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        Ok(Self { io: PollEvented::new(mio::net::UnixListener::bind(path)?) })
    }

    /// Listens at a path or, on Linux, at a name in the abstract namespace.
    ///
    /// # Errors
    ///
    /// Those of `bind`.
    pub fn bind_addr(address: &SocketAddr) -> io::Result<Self> {
        Ok(Self { io: PollEvented::new(mio::net::UnixListener::bind_addr(address)?) })
    }

    /// Takes a listening socket that was set up elsewhere, and puts it into non-blocking mode.
    ///
    /// # Errors
    ///
    /// If the mode cannot be set.
    pub fn from_std(listener: std::os::unix::net::UnixListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self { io: PollEvented::new(mio::net::UnixListener::from_std(listener)) })
    }

    /// Gives the socket to the standard library, still in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If the socket cannot leave its driver.
    pub fn into_std(self) -> io::Result<std::os::unix::net::UnixListener> {
        Ok(OwnedFd::from(self.io.into_inner()?).into())
    }

    /// Waits for a connection.
    ///
    /// # Errors
    ///
    /// Those of `accept`; see [`TcpListener::accept`](crate::TcpListener::accept).
    ///
    /// # Cancel safety
    ///
    /// No connection is lost when the future is dropped.
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (stream, peer) = self.io.async_io(Interest::READABLE, mio::net::UnixListener::accept).await?;
        Ok((UnixStream::from_nonblocking(OwnedFd::from(stream).into()), peer))
    }

    /// Waits for a connection; one task at a time.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        self.io
            .poll_read_io(cx, mio::net::UnixListener::accept)
            .map_ok(|(stream, peer)| (UnixStream::from_nonblocking(OwnedFd::from(stream).into()), peer))
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
}

descriptor!(UnixListener);
