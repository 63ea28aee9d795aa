//! TCP.
//!
//! - [`TcpListener`]: takes connections
//! - [`TcpStream`]: one connection
//! - [`TcpSocket`]: options that must be set before either

mod listener;
mod socket;
mod stream;

pub use crate::halves::ReuniteError;
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
