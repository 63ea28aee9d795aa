//! Sockets in the file system.
//!
//! - [`UnixListener`], which takes connections
//! - [`UnixStream`], one connection
//! - [`UnixDatagram`] for datagrams
//! - [`UCred`], who is at the other end

mod datagram;
mod listener;
mod stream;

pub use crate::halves::ReuniteError;
pub use datagram::UnixDatagram;
pub use listener::UnixListener;
pub use std::os::unix::net::SocketAddr;
pub use stream::{UCred, UnixStream};

/// The reading half of a borrowed [`UnixStream`].
pub type ReadHalf<'a> = crate::halves::ReadHalf<'a, UnixStream>;
/// The writing half of a borrowed [`UnixStream`].
pub type WriteHalf<'a> = crate::halves::WriteHalf<'a, UnixStream>;
/// The reading half of a [`UnixStream`].
pub type OwnedReadHalf = crate::halves::OwnedReadHalf<UnixStream>;
/// The writing half of a [`UnixStream`].
pub type OwnedWriteHalf = crate::halves::OwnedWriteHalf<UnixStream>;
