//! An accept loop that goes on.
//!
//! `accept` fails for reasons that have nothing to do with the listener: the peer has gone (`ECONNABORTED`), the
//! network has failed it, the process or the system has run out of descriptors (`EMFILE`, `ENFILE`) or memory. A
//! loop that ends then takes the server down; a loop that tries again at once spins, since the connection that could
//! not be accepted is still there.
//!
//! [`AcceptLoop`] tries again at once after the first kind. After the second it gives up a descriptor that it keeps in
//! reserve, accepts the waiting connection with it and closes it at once, so that the peer learns of it, and pauses.
//!
//! - [`AcceptLoop`]: accepts for ever
//! - [`AcceptControl`]: pauses it and lets it go on, from elsewhere
//! - [`LimitedAcceptLoop`]: the same with a bound on the connections there are, in all and from one address
//! - [`Listener`]: what it takes connections from

mod accept_loop;
mod control;
mod limited;

use std::io;
use std::task::{Context, Poll};

pub use accept_loop::AcceptLoop;
pub use control::AcceptControl;
pub use limited::{Admission, ConnectionLimits, LimitedAcceptLoop, PeerIp};

use crate::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Takes connections.
pub trait Listener {
    /// A connection.
    type Io;
    /// What is known of its peer.
    type Addr;

    /// Waits for a connection.
    ///
    /// # Errors
    ///
    /// Any error; an [`AcceptLoop`] goes on after all of them.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Self::Io, Self::Addr)>>;
}

impl Listener for TcpListener {
    type Io = TcpStream;
    type Addr = std::net::SocketAddr;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, Self::Addr)>> {
        Self::poll_accept(self, cx)
    }
}

impl Listener for UnixListener {
    type Io = UnixStream;
    type Addr = crate::unix::SocketAddr;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, Self::Addr)>> {
        Self::poll_accept(self, cx)
    }
}
