//! TCP.
//!
//! - [`TcpListener`]: takes connections
//! - [`TcpStream`]: one connection
//! - [`TcpSocket`]: options that must be set before either

#[cfg(target_os = "linux")]
mod linux_socket;
mod listener;
mod socket;
mod stream;

pub use crate::halves::ReuniteError;
use crate::halves::{half_methods, peek_methods, read_half_methods, write_half_methods};
pub use listener::TcpListener;
pub use socket::{Keepalive, TcpSocket};
pub use stream::TcpStream;

/// The reading half of a borrowed [`TcpStream`].
pub type ReadHalf<'a> = crate::halves::ReadHalf<'a, TcpStream>;
/// The writing half of a borrowed [`TcpStream`].
pub type WriteHalf<'a> = crate::halves::WriteHalf<'a, TcpStream>;
/// The reading half of a [`TcpStream`].
pub type OwnedReadHalf = crate::halves::OwnedReadHalf<TcpStream>;
/// The writing half of a [`TcpStream`].
pub type OwnedWriteHalf = crate::halves::OwnedWriteHalf<TcpStream>;

half_methods!(ReadHalf<'_>, WriteHalf<'_>, OwnedReadHalf, OwnedWriteHalf => std::net::SocketAddr);
read_half_methods!(ReadHalf<'_>, OwnedReadHalf);
write_half_methods!(WriteHalf<'_>, OwnedWriteHalf);
peek_methods!(ReadHalf<'_>, OwnedReadHalf);
