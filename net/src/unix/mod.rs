//! Sockets in the file system.
//!
//! - [`UnixListener`], which takes connections
//! - [`UnixStream`], one connection
//! - [`UnixDatagram`] for datagrams
//! - `UnixSeqpacket` and `UnixSeqpacketListener` for connections that keep the bounds of messages; not on macOS
//! - [`UnixSocket`]: any of them before it listens or connects, and, on Linux, abstract names
//! - [`pipe`]: pipes with and without a name
//! - `UCred`, who is at the other end; on Linux
//! - [`ReceivedDescriptors`], what `recv_with_descriptors` answers

pub mod pipe;

#[cfg(target_os = "linux")]
mod abstract_names;
mod datagram;
mod descriptors;
mod listener;
#[cfg(not(target_vendor = "apple"))]
mod seqpacket;
mod socket;
mod stream;
#[cfg(target_os = "linux")]
mod ucred;

pub use crate::halves::ReuniteError;
use crate::halves::{half_methods, read_half_methods, write_half_methods};
pub use datagram::UnixDatagram;
pub use descriptors::ReceivedDescriptors;
pub use listener::UnixListener;
#[cfg(not(target_vendor = "apple"))]
pub use seqpacket::{UnixSeqpacket, UnixSeqpacketListener};
pub use socket::UnixSocket;
pub use std::os::unix::net::SocketAddr;
pub use stream::UnixStream;
#[cfg(target_os = "linux")]
pub use ucred::UCred;

/// The reading half of a borrowed [`UnixStream`].
pub type ReadHalf<'a> = crate::halves::ReadHalf<'a, UnixStream>;
/// The writing half of a borrowed [`UnixStream`].
pub type WriteHalf<'a> = crate::halves::WriteHalf<'a, UnixStream>;
/// The reading half of a [`UnixStream`].
pub type OwnedReadHalf = crate::halves::OwnedReadHalf<UnixStream>;
/// The writing half of a [`UnixStream`].
pub type OwnedWriteHalf = crate::halves::OwnedWriteHalf<UnixStream>;

half_methods!(ReadHalf<'_>, WriteHalf<'_>, OwnedReadHalf, OwnedWriteHalf => SocketAddr);
read_half_methods!(ReadHalf<'_>, OwnedReadHalf);
write_half_methods!(WriteHalf<'_>, OwnedWriteHalf);
