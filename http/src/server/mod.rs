//! The server: an accept loop, connections that detect what they speak, and a shutdown that ends.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`Server`] and its methods |
//! | `config.rs` | every knob, once |
//! | `listener.rs` | where connections come from |
//! | `net.rs` | listeners that are sockets |
//! | `accept.rs` | the accept loop and the shutdown |
//! | `shutdown.rs` | how connections learn of the shutdown, and the server of their end |
//! | `watch.rs` | what a handler may ask of its exchange |
//! | `report.rs` | what a shutdown came to |
//! | `connection.rs` | one connection, up to knowing what it speaks |
//! | `h1/`, `h2/` | the drivers of the two protocols |

mod accept;
pub(crate) mod config;
pub(crate) mod connection;
mod h1;
mod h2;
mod listener;
mod net;
mod report;
pub(crate) mod shutdown;
pub(crate) mod watch;

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use bytes::Buf;
use http::{Request, Response};
use minato_net::accept::AcceptLoop;
use minato_service::BoxError;
use tower_service::Service;

use self::accept::{Accept, Connections, Graceful};
use self::config::{ConnectionInfo, Http1Config, Http2Config, Limits, ServerConfig, Timeouts};
pub use self::listener::{IntoListener, Listener};
pub use self::net::Address;
pub use self::report::{Drain, Report};
use self::shutdown::Host;
use crate::body::Body;
use crate::error::{Error, Kind};

/// Serves HTTP/1 and HTTP/2 on one port.
///
/// Every limit and timeout is on by default; the methods that take a closure change them, each in one place.
///
/// ```no_run
/// use std::time::Duration;
/// use minato_http::{Drain, Error, Report, Server, handler_fn};
///
/// # async fn ctrl_c() {}
/// # async fn run() -> Result<Report, Error> {
/// Server::bind("127.0.0.1:3000")
///     .timeouts(|timeouts| timeouts.idle = Some(Duration::from_secs(20)))
///     .limits(|limits| limits.body_bytes = Some(2 * 1024 * 1024))
///     .graceful(ctrl_c(), Drain::within(Duration::from_secs(30)))
///     .serve(handler_fn(|_| async { "hello" }))
///     .await
/// # }
/// ```
#[must_use = "a server does nothing until it serves"]
pub struct Server<L> {
    listener: L,
    config: ServerConfig,
    graceful: Option<Graceful>,
}

impl<L> Server<L> {
    /// A server that takes its connections from `listener`.
    pub fn from_listener(listener: L) -> Self {
        Self { listener, config: ServerConfig::default(), graceful: None }
    }

    /// Replaces all settings.
    pub fn config(mut self, config: ServerConfig) -> Self {
        self.config = config;
        self
    }

    /// Changes what peers may send.
    pub fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.config.limits);
        self
    }

    /// Changes how long peers may take.
    pub fn timeouts(mut self, change: impl FnOnce(&mut Timeouts)) -> Self {
        change(&mut self.config.timeouts);
        self
    }

    /// Changes what concerns HTTP/1 alone.
    pub fn http1(mut self, change: impl FnOnce(&mut Http1Config)) -> Self {
        change(&mut self.config.http1);
        self
    }

    /// Changes what concerns HTTP/2 alone.
    pub fn http2(mut self, change: impl FnOnce(&mut Http2Config)) -> Self {
        change(&mut self.config.http2);
        self
    }

    /// Chooses whether requests carry a [`ConnInfo`](crate::ConnInfo).
    pub fn connection_info(mut self, info: ConnectionInfo) -> Self {
        self.config.connection_info = info;
        self
    }

    /// Shuts down when `signal` completes: stops accepting, closes idle connections, lets requests that have begun
    /// finish within the time of `drain`, then cuts what is left.
    pub fn graceful(mut self, signal: impl Future<Output = ()> + Send + 'static, drain: Drain) -> Self {
        self.graceful = Some((Box::pin(signal), drain));
        self
    }

    /// Serves until the shutdown has ended; for ever, if none was asked for.
    ///
    /// Each connection is a task that clones the service once. `poll_ready` is awaited before each call; while the
    /// service is not ready, no further request is taken from the connection. An error of the service is answered 500.
    ///
    /// # Errors
    ///
    /// When the address cannot be had. What happens on connections, and errors of accepting, do not end the server.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; connections that are open go on by themselves.
    pub async fn serve<S, B>(self, service: S) -> Result<Report, Error>
    where
        L: IntoListener,
        S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Into<BoxError>,
        B: http_body::Body + Send + 'static,
        B::Data: Buf,
        B::Error: Into<BoxError>,
    {
        let Self { listener, config, graceful } = self;
        let listener =
            listener.into_listener().await.map_err(|error| Error::with_source(Kind::Listen, error))?;
        let accept = Accept {
            connections: AcceptLoop::new(Connections(listener)),
            service,
            config: Arc::new(config),
            graceful,
            host: Host::default(),
        };
        Ok(accept.run().await)
    }
}

impl<L: fmt::Debug> fmt::Debug for Server<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("listener", &self.listener)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
