//! Where connections come from.

use std::future::Future;
use std::io;
use std::task::{Context, Poll};

use minato_runtime::io::{AsyncRead, AsyncWrite};

use crate::conn_info::ConnInfo;

/// Accepts connections for a [`Server`](super::Server).
///
/// Implemented for TCP and Unix listeners; implement it for anything else that connections come from, such as
/// a listener that makes TLS streams.
pub trait Listener: Send + 'static {
    /// The connection.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Accepts a connection.
    ///
    /// # Errors
    ///
    /// Any error is taken as passing: the server waits a little and goes on.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Self::Io, ConnInfo)>>;
}

/// A [`Listener`], or what becomes one.
pub trait IntoListener {
    /// The listener it becomes.
    type Listener: Listener;

    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    fn into_listener(self) -> impl Future<Output = io::Result<Self::Listener>> + Send;
}

impl<L: Listener> IntoListener for L {
    type Listener = L;

    async fn into_listener(self) -> io::Result<L> {
        Ok(self)
    }
}
