//! Sockets of the Minato stack.
//!
//! - [`TcpListener`], [`TcpStream`], [`TcpSocket`]: TCP, with names as in tokio
//! - [`UdpSocket`] for datagrams
//! - [`unix`], [`UnixListener`], [`UnixStream`], [`UnixDatagram`]: sockets in the file system
//! - [`ToSocketAddrs`], [`lookup_host`], [`Resolver`]: names; [`Dialer`]: connecting to them (RFC 8305)
//! - `tls` (feature `tls`): TLS over any of the streams
//! - [`copy_bidirectional`]: what a proxy does, in the kernel where that pays
//! - `wrappers` (feature `stream`): listeners as streams of connections
//! - [`accept`]: a loop that goes on when the process has run out of descriptors
//!
//! A socket belongs to no runtime until an operation on it first would block; from then on it belongs to the worker
//! that polled it. So connections that live for one exchange never enter epoll, and sockets may be made anywhere.
//!
//! ```
//! use minato_net::{TcpListener, TcpStream};
//! use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # let rt = minato_runtime::runtime::Runtime::new().unwrap();
//! # rt.block_on(async {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let address = listener.local_addr()?;
//! let server = minato_runtime::spawn(async move {
//!     let (mut stream, _) = listener.accept().await?;
//!     stream.write_all(b"ahoy").await
//! });
//! let mut text = String::new();
//! TcpStream::connect(address).await?.read_to_string(&mut text).await?;
//! assert_eq!(text, "ahoy");
//! server.await.unwrap()
//! # }).unwrap();
//! ```
//!
//! # Features
//!
//! `tls` with `tls-ring` or `tls-aws-lc-rs`, `tls-system-roots`, `tls-bundled-roots`: see `tls`. `tokio-io`,
//! `futures-io` and `hyper` implement the I/O traits of those libraries on all streams of this crate, directly and
//! without a wrapper.
#![forbid(unsafe_code)]

pub mod accept;
pub mod tcp;
#[cfg(feature = "tls")]
pub mod tls;
pub mod udp;
pub mod unix;
#[cfg(feature = "stream")]
pub mod wrappers;

mod addr;
mod bridges;
mod dial;
mod halves;
mod limits;
mod options;
mod readiness;
mod relay;
mod resolve;
mod source;
mod stream;
mod sys;

pub use addr::{ToSocketAddrs, lookup_host};
pub use dial::Dialer;
pub use relay::copy_bidirectional;
pub use resolve::{Resolver, Resolving, SystemResolver};
pub use source::{Interest, Ready};
pub use tcp::{TcpListener, TcpSocket, TcpStream};
pub use udp::UdpSocket;
pub use unix::{UnixDatagram, UnixListener, UnixStream};
