//! Servers on the sockets of `minato-net`; nothing else of the server knows them.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use minato_net::{TcpListener, TcpStream, ToSocketAddrs, UnixListener, UnixStream};

use super::{IntoListener, Listener, Server};
use crate::conn_info::ConnInfo;
use crate::error::{Error, Kind};

/// A TCP address that is bound when the server starts.
#[derive(Debug, Clone)]
pub struct Address<A> {
    address: A,
}

impl<A: ToSocketAddrs + Send> Server<Address<A>> {
    /// A server that will listen on this TCP address.
    pub fn bind(address: A) -> Self {
        Self::from_listener(Address { address })
    }

    /// Begins to listen now, for the sake of knowing the port before serving.
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket, and the server with its settings goes with it.
    pub async fn listen(self) -> Result<Server<TcpListener>, Error> {
        let Self { listener, config, graceful } = self;
        let listener =
            listener.into_listener().await.map_err(|error| Error::with_source(Kind::Listen, error))?;
        Ok(Server { listener, config, graceful })
    }
}

impl Server<TcpListener> {
    /// The address it listens on.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    pub fn local_addr(&self) -> Result<SocketAddr, Error> {
        self.listener.local_addr().map_err(|error| Error::with_source(Kind::Listen, error))
    }
}

impl<A> Address<A> {
    pub(super) fn into_address(self) -> A {
        self.address
    }
}

impl<A: ToSocketAddrs + Send> IntoListener for Address<A> {
    type Listener = TcpListener;

    fn into_listener(self) -> impl Future<Output = io::Result<TcpListener>> + Send {
        TcpListener::bind(self.address)
    }
}

/// A socket that was bound elsewhere: by the service manager, or by the process that this one replaces.
///
/// It is made non-blocking.
impl IntoListener for std::net::TcpListener {
    type Listener = TcpListener;

    async fn into_listener(self) -> io::Result<TcpListener> {
        self.set_nonblocking(true)?;
        TcpListener::from_std(self)
    }
}

/// A socket that was bound elsewhere: by the service manager, or by the process that this one replaces.
///
/// It is made non-blocking.
impl IntoListener for std::os::unix::net::UnixListener {
    type Listener = UnixListener;

    async fn into_listener(self) -> io::Result<UnixListener> {
        self.set_nonblocking(true)?;
        UnixListener::from_std(self)
    }
}

impl Listener for TcpListener {
    type Io = TcpStream;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, ConnInfo)>> {
        let (stream, peer) = ready!(TcpListener::poll_accept(self, cx))?;
        // A response leaves in one write, and the next must not wait for the peer to acknowledge it. A socket that takes
        // no option is one whose peer has gone; its first read says so.
        let _ = stream.set_nodelay(true);
        let local = stream.local_addr().ok();
        Poll::Ready(Ok((stream, ConnInfo::new(Some(peer), local))))
    }
}

impl Listener for UnixListener {
    type Io = UnixStream;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, ConnInfo)>> {
        let (stream, _) = ready!(UnixListener::poll_accept(self, cx))?;
        Poll::Ready(Ok((stream, ConnInfo::default())))
    }
}
