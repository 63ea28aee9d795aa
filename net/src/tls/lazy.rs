//! A handshake that stops after the client's first message, for the caller to choose how it goes on.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use minato_runtime::io::{AsyncRead, AsyncWrite};
use rustls::server::{Accepted, Acceptor, ClientHello};
use rustls::{Connection, ServerConfig};

use super::TlsStream;
use super::adapter::Adapter;
use super::handshake::{cut, handshake};
use super::transfer::fault;

/// Reads what the client asks for, before there is a configuration to answer it with.
///
/// It is a future that ends in a [`StartHandshake`]. It has no deadline of its own; a
/// [`TlsAcceptor`](super::TlsAcceptor) has, and is the better choice where one configuration is enough.
#[must_use = "futures do nothing unless polled"]
pub struct LazyConfigAcceptor<Io> {
    acceptor: Acceptor,
    io: Option<Io>,
}

impl<Io: AsyncRead + AsyncWrite + Unpin> LazyConfigAcceptor<Io> {
    /// Begins with a connection that has sent nothing yet.
    pub fn new(acceptor: Acceptor, io: Io) -> Self {
        Self { acceptor, io: Some(io) }
    }

    /// Takes the stream back after an error, for an answer in plain text, say.
    pub fn take_io(&mut self) -> Option<Io> {
        self.io.take()
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Future for LazyConfigAcceptor<Io> {
    type Output = io::Result<StartHandshake<Io>>;

    /// # Panics
    ///
    /// If polled again after it was ready, or after the stream was taken.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let io = this.io.as_mut().expect("polled after the stream was taken");
        loop {
            match this.acceptor.read_tls(&mut Adapter::new(io, cx)) {
                Ok(0) => return Poll::Ready(Err(cut())),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
            match this.acceptor.accept() {
                Ok(None) => {}
                Ok(Some(accepted)) => {
                    let io = this.io.take().expect("it was there above");
                    return Poll::Ready(Ok(StartHandshake { accepted, io }));
                }
                Err((error, mut alert)) => {
                    // The alert is a courtesy, so one try is enough.
                    let _ = alert.write_all(&mut Adapter::new(io, cx));
                    return Poll::Ready(Err(fault(error)));
                }
            }
        }
    }
}

impl<Io> fmt::Debug for LazyConfigAcceptor<Io> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyConfigAcceptor").finish_non_exhaustive()
    }
}

/// A handshake that waits for its configuration.
pub struct StartHandshake<Io> {
    accepted: Accepted,
    io: Io,
}

impl<Io> StartHandshake<Io> {
    /// What the client asks for.
    pub fn client_hello(&self) -> ClientHello<'_> {
        self.accepted.client_hello()
    }

    /// The stream beneath.
    pub fn get_ref(&self) -> &Io {
        &self.io
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> StartHandshake<Io> {
    /// Goes on with `config`.
    ///
    /// # Errors
    ///
    /// Those of the stream; `InvalidData` with a [`rustls::Error`] if the two sides cannot agree.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection.
    pub async fn into_stream(mut self, config: Arc<ServerConfig>) -> io::Result<TlsStream<Io>> {
        match self.accepted.into_connection(config) {
            Ok(session) => handshake(self.io, Connection::Server(session)).await,
            Err((error, mut alert)) => {
                // The alert is a courtesy, so one try is enough.
                let io = &mut self.io;
                let send = |cx: &mut Context<'_>| Poll::Ready(alert.write_all(&mut Adapter::new(io, cx)));
                let _ = std::future::poll_fn(send).await;
                Err(fault(error))
            }
        }
    }
}

impl<Io> fmt::Debug for StartHandshake<Io> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartHandshake")
            .field("server_name", &self.accepted.client_hello().server_name())
            .finish_non_exhaustive()
    }
}
