//! Single connections, for clients that want to say themselves when one is made, and what is done with it.
//!
//! [`Client`](crate::Client) looks after connections by itself. What it is made of is here piece by piece, each a Tower
//! service, so that another pool can be put together:
//!
//! | piece | takes | gives |
//! |---|---|---|
//! | [`http1::handshake`], [`http2::handshake`] | a connection | a `SendRequest` |
//! | [`http1::SendRequest`] | a request at a time | the response; ready again when its body has ended |
//! | [`http2::SendRequest`] | requests, from all its clones | the responses |
//! | [`http1::Connect`], [`http2::Connect`] | a target, for a service that makes connections | a `SendRequest` |
//!
//! With [`Reconnect`](minato_service::reconnect) around a `Connect` it is made when it is needed, and again when it has
//! ended, and its [`shared`](minato_service::reconnect::Reconnect::shared) form is one HTTP/2 connection for everybody;
//! a [`ReadyCache`](minato_service::ready_cache) or a balancer over several is a pool.
//!
//! ```
//! # fn main() -> Result<(), minato_http::BoxError> {
//! # let rt = minato_runtime::runtime::Runtime::new()?;
//! # rt.block_on(async {
//! use minato_http::{Body, ResponseExt, Server, conn::http2, handler_fn};
//! use minato_net::TcpStream;
//! use minato_service::{ServiceExt, reconnect::Reconnect, service_fn};
//!
//! let server = Server::bind("127.0.0.1:0").listen().await?;
//! let address = server.local_addr()?;
//! minato_runtime::spawn(server.serve(handler_fn(|_| async { "hello" })));
//!
//! let connect = http2::Connect::new(service_fn(|address: std::net::SocketAddr| TcpStream::connect(address)));
//! let shared = Reconnect::new(connect, address).shared();
//! for _ in 0..3 {
//!     let request = http::Request::get("http://localhost/").body(Body::empty())?;
//!     assert_eq!(shared.clone().oneshot(request).await?.text().await?, "hello");
//! }
//! assert_eq!(shared.handle().connections(), 1);
//! # Ok(()) })
//! # }
//! ```
//!
//! Nothing here knows proxies, TLS or names: the connection is made already. What is said about timeouts in
//! [`ClientTimeouts`](crate::ClientTimeouts) holds for an exchange, but for `connect`; a
//! [`Deadline`](minato_service::Deadline) binds.

mod connect;
pub mod http1;
pub mod http2;

pub use self::connect::{Connect, Protocol};
use super::connect::{Connected, Io};
use crate::conn_info::ConnInfo;

/// A connection of which nothing is known.
fn connected(io: impl Io + 'static) -> Connected {
    Connected { io: Box::new(io), agreed: None, forwarding: None, info: ConnInfo::default() }
}
