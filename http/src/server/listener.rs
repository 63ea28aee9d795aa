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

/// Several listeners of one kind, whose connections are served alike.
impl<L: Listener + Unpin> Listener for Vec<L> {
    type Io = L::Io;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(L::Io, ConnInfo)>> {
        for at in 0..self.len() {
            if let Poll::Ready(accepted) = self[at].poll_accept(cx) {
                // Behind the others next time, so that a busy one does not keep them waiting.
                self[at..].rotate_left(1);
                return Poll::Ready(accepted);
            }
        }
        Poll::Pending
    }
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
