//! HTTP/1 and HTTP/2 server and client of the Minato stack.
//!
//! A server takes any [`tower_service::Service`] over [`http::Request`]s, an axum `Router` as well as a closure, and
//! speaks HTTP/1.0, HTTP/1.1 and HTTP/2 on one port:
//!
//! ```no_run
//! use minato_http::{Error, Report, Server, handler_fn};
//!
//! # async fn run() -> Result<Report, Error> {
//! Server::bind("127.0.0.1:3000").serve(handler_fn(|_| async { "hello" })).await
//! # }
//! ```
//!
//! A client is cheap to clone and keeps its connections:
//!
//! ```no_run
//! # async fn run() -> Result<(), minato_http::Error> {
//! use minato_http::{Client, ResponseExt};
//!
//! let client = Client::new();
//! let text = client.get("http://127.0.0.1:3000/").await?.text().await?;
//! assert_eq!(text, "hello");
//! # Ok(())
//! # }
//! ```
//!
//! # What is where
//!
//! | | |
//! |---|---|
//! | [`Body`], [`BodySender`] | the one body, for requests and responses of both sides |
//! | [`Error`] | the one error, with the questions callers ask as methods |
//! | [`Server`], [`serve_connection`] | serving a port, or one connection made elsewhere |
//! | [`ServerConfig`] | every limit and timeout of a server, on by default |
//! | [`handler_fn`], [`IntoResponse`] | services made of closures |
//! | [`lean`] | requests and responses that cost as little as they can, for what is measured to need it |
//! | [`Client`], [`ClientConfig`] | requests over connections that are kept and shared |
//! | [`conn`] | single connections of a client, for pools of one's own |
//! | [`ResponseExt`] | short ways to what a response holds |
//! | [`RequestBuilder`], [`multipart`] | requests put together, forms with files |
//! | [`Redirects`], [`CookieJar`], [`Metrics`] | redirects followed, cookies kept, exchanges measured |
//! | [`PoolHandle`], [`OnInformational`] | connections counted, 1xx listened to |
//! | [`Proxies`] | which requests go through which proxy |
//! | [`upgrade`] | connections that stop speaking HTTP: WebSocket, CONNECT |
//! | [`ConnInfo`] | what a handler can know about, and ask of, the connection of its request |
//! | [`guides`] | every limit with its default; coming from axum or hyper; cancellation |
//!
//! # When an exchange is given up
//!
//! A handler lives as long as somebody waits for its response. It is dropped when its HTTP/2 stream is reset, when
//! its HTTP/1 connection ends, and when a shutdown runs out of time; what must finish all the same is to be spawned.
//! A body that is dropped or fails before its end never looks complete to the peer: HTTP/2 streams are reset, with the
//! code of [`Error::reset`] where the body chose one; HTTP/1 connections are closed inside the message.
//!
//! # How it is built
//!
//! `h1/` is the protocol without sockets: slices in, heads and body parts out. `server/h1` and `client/h1` are its drivers.
//! HTTP/2 is `h2/`: an engine that knows neither sockets nor tasks, with writes gathered beneath it and handlers polled in
//! the connection's own task above it. `input`, `output` and `buffers` hold the bytes in between: a connection that
//! waits for a request holds no buffer.

#![forbid(unsafe_code)]

mod body;
mod buffers;
mod client;
mod clock;
mod conn_info;
mod error;
pub mod guides;
mod h1;
mod h2;
mod handler;
mod input;
pub mod lean;
mod limits;
mod outbound;
mod output;
mod reason;
mod server;
mod slot;
pub mod upgrade;

pub mod cookies {
    //! Cookies for any HTTP client: the layer, its service and its future. A [`Client`](crate::Client) has them by
    //! [`cookies`](crate::ClientBuilder::cookies).
    pub use crate::client::cookies::{Baking, CookieJar, CookieLayer, Cookies};
}
pub mod multipart {
    //! Forms with files: `multipart/form-data` (RFC 7578).
    pub use crate::client::multipart::{Form, Part};
}
pub mod redirect {
    //! Redirects for any HTTP client: the policy, the layer, its service and its future. A [`Client`](crate::Client) has
    //! them by [`redirects`](crate::ClientBuilder::redirects).
    pub use crate::client::redirect::{
        Action, Attempt, Following, RedirectLayer, Redirected, Redirecting, Redirects,
    };
}

#[cfg(feature = "json")]
pub use self::body::Json;
pub use self::body::{Body, BodyLimits, BodySender};
pub use self::client::config::{
    ClientConfig, ClientHttp1Config, ClientHttp2Config, ClientTimeouts, PoolConfig, Speak,
};
pub use self::client::conn;
pub use self::client::cookies::{CookieJar, CookieLayer};
pub use self::client::informational::OnInformational;
pub use self::client::layered::ClientService;
pub use self::client::metrics::Metrics;
#[cfg(feature = "tls")]
pub use self::client::pin::Pins;
pub use self::client::proxy::{Proxies, Proxy};
pub use self::client::redirect::{RedirectLayer, Redirected, Redirects};
pub use self::client::request::RequestBuilder;
pub use self::client::response::ResponseExt;
pub use self::client::status::{HostStatus, PoolHandle, PoolStatus};
pub use self::client::{Client, ClientBuilder, ResponseFuture};
pub use self::conn_info::{ConnInfo, Ended, Informational, Protocol};
pub use self::error::{Error, Initiator, Reset, Scope, Timeout};
pub use self::h1::encode::NameCase;
pub use self::h1::lenient::{Lenient, LenientResponses};
pub use self::h1::spelling::{HeaderCase, ReasonPhrase};
pub use self::handler::{HandlerFn, HandlerFuture, IntoResponse, handler_fn};
pub use self::reason::Reason;
pub use self::server::config::{ConnectionInfo, Http1Config, Http2Config, Limits, ServerConfig, Timeouts};
pub use self::server::connection::serve_connection;
#[cfg(feature = "tls")]
pub use self::server::secure::{ALPN, TlsInfo};
pub use self::server::{
    Address, ConnectionStats, Drain, Ending, IntoListener, Listener, PerThread, Refusal, Report, Server,
    ServerEvent, ServerHandle, ServerObserver, ServerStats, Trust, Violation,
};
pub use minato_service::BoxError;
