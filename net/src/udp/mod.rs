//! Datagrams.
//!
//! - [`UdpSocket`]: one datagram at a time
//! - `BatchedUdpSocket` (feature `udp-batch`): many in one system call
//! - `UdpFramed` (feature `codec`): values instead of bytes

#[cfg(feature = "udp-batch")]
mod batched;
#[cfg(feature = "codec")]
mod framed;
mod multicast;
mod socket;

#[cfg(feature = "udp-batch")]
pub use batched::{BatchedUdpSocket, DatagramBatch, ReceivedDatagrams};
#[cfg(feature = "codec")]
pub use framed::UdpFramed;
pub use socket::UdpSocket;
