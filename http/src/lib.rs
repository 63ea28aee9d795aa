//! HTTP/1 and HTTP/2 server and client of the Minato stack.

#![forbid(unsafe_code)]

mod body;
mod buffers;
mod client;
mod clock;
mod conn_info;
mod error;
mod h1;
mod h2;
mod handler;
mod input;
mod limits;
mod outbound;
mod output;
mod reason;
mod server;
mod slot;

pub use self::body::{Body, BodySender};
pub use self::client::config::{ClientConfig, ClientHttp2Config, ClientTimeouts, PoolConfig, Speak};
pub use self::client::{Client, ClientBuilder, ResponseFuture};
pub use self::conn_info::{ConnInfo, Protocol};
pub use self::error::{BoxError, Error, Initiator, Reset, Scope, Timeout};
pub use self::handler::{HandlerFn, HandlerFuture, IntoResponse, handler_fn};
pub use self::reason::Reason;
pub use self::server::config::{ConnectionInfo, Http1Config, Http2Config, Limits, ServerConfig, Timeouts};
pub use self::server::connection::serve_connection;
pub use self::server::{Address, Drain, IntoListener, Listener, Report, Server};
