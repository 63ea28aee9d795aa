//! The server: an accept loop, connections that detect what they speak, and a shutdown that ends.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`Server`] and its methods |
//! | `config.rs` | every knob, once |
//! | `listener.rs` | where connections come from |
//! | `net.rs` | listeners that are sockets |
//! | `per_thread.rs` | a listener for each thread of a pool |
//! | `accept.rs` | the accept loop and the shutdown |
//! | `secure.rs`, `plain.rs` | serving TLS, and serving where that is left out |
//! | `serving.rs` | the ways a server comes by the service of a connection |
//! | `shutdown.rs` | how connections learn of the shutdown, and the server of their end |
//! | `watch.rs` | what a handler may ask of its exchange |
//! | `proxy_protocol.rs` | what a load balancer says of the client before anything else |
//! | `report.rs` | what a shutdown came to |
//! | `stats/` | what servers count, and who may look |
//! | `callee.rs` | who answers the requests of a connection |
//! | `connection.rs` | one connection, up to knowing what it speaks |
//! | `h1/`, `h2/` | the drivers of the two protocols |

mod accept;
pub(crate) mod callee;
pub(crate) mod config;
pub(crate) mod connection;
mod h1;
mod h2;
mod listener;
mod net;
mod per_thread;
pub(crate) mod proxy_protocol;
mod report;
#[cfg(feature = "tls")]
pub(crate) mod secure;
#[cfg(not(feature = "tls"))]
#[path = "plain.rs"]
pub(crate) mod secure;
mod serving;
pub(crate) mod shutdown;
pub(crate) mod stats;
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
use self::callee::Tower;
use self::config::{ConnectionInfo, Http1Config, Http2Config, Limits, ServerConfig, Timeouts};
pub use self::listener::{IntoListener, Listener};
pub use self::net::Address;
pub use self::per_thread::PerThread;
pub use self::proxy_protocol::Trust;
pub use self::report::{Drain, Report};
use self::serving::{Cloned, Local, Made, Serving};
use self::shutdown::Host;
pub use self::stats::{
    ConnectionStats, Ending, Refusal, ServerEvent, ServerHandle, ServerObserver, ServerStats, Violation,
};
use crate::body::Body;
use crate::conn_info::ConnInfo;
use crate::error::{Error, Kind};
use crate::lean::{self, Lean};

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

    /// Requires a PROXY protocol header, of version 1 or 2, from the peers that are trusted to tell for whom they speak:
    /// the addresses of [`ConnInfo`](crate::ConnInfo) are what it says. A trusted peer without a header is cut off;
    /// from others none is taken.
    pub fn proxy_protocol(mut self, trust: Trust) -> Self {
        self.config.proxy_protocol = Some(trust);
        self
    }

    /// Chooses whether requests carry a [`ConnInfo`](crate::ConnInfo).
    pub fn connection_info(mut self, info: ConnectionInfo) -> Self {
        self.config.connection_info = info;
        self
    }

    /// Counts what happens, for the handle to tell. One handle may serve several servers, whose numbers are added up.
    pub fn handle(mut self, handle: &ServerHandle) -> Self {
        self.config.handle = Some(handle.clone());
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
        self.run(Cloned(Tower(service))).await
    }

    /// Serves as [`serve`](Self::serve) does, with a service that need not be [`Send`]: its connections stay on the
    /// thread that accepts them.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::rc::Rc;
    /// use minato_http::{Server, handler_fn};
    /// # use minato_http::Drain;
    ///
    /// # async fn stopped() {}
    /// # let runtime = minato_runtime::runtime::Builder::new_current_thread().build_local(Default::default()).unwrap();
    /// # runtime.block_on(async {
    /// let count = Rc::new(Cell::new(0));
    /// let service = handler_fn(move |_| {
    ///     count.set(count.get() + 1);
    ///     let count = count.get();
    ///     async move { format!("request {count} of this thread") }
    /// });
    /// # let server = Server::bind("127.0.0.1:0").graceful(stopped(), Drain::within(std::time::Duration::ZERO));
    /// # /*
    /// let server = Server::bind("127.0.0.1:3000");
    /// # */
    /// let report = server.serve_local(service).await.unwrap();
    /// # });
    /// ```
    ///
    /// # Errors
    ///
    /// As [`serve`](Self::serve).
    ///
    /// # Panics
    ///
    /// When a connection arrives outside of a `LocalRuntime` or `LocalSet`.
    ///
    /// # Cancel safety
    ///
    /// As [`serve`](Self::serve).
    pub async fn serve_local<S, B>(self, service: S) -> Result<Report, Error>
    where
        L: IntoListener,
        S: Service<Request<Body>, Response = Response<B>> + Clone + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body + 'static,
        B::Data: Buf,
        B::Error: Into<BoxError>,
    {
        self.run(Local(Tower(service))).await
    }

    /// Serves as [`serve`](Self::serve) does, with a [lean](crate::lean) service.
    ///
    /// ```no_run
    /// use minato_http::Server;
    /// use minato_http::lean::{Request, Response, handler_fn};
    ///
    /// # async fn run() -> Result<minato_http::Report, minato_http::Error> {
    /// let hello = handler_fn(|_: Request| std::future::ready(Response::text("Hello, World!")));
    /// Server::bind("127.0.0.1:3000").serve_lean(hello).await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`serve`](Self::serve).
    ///
    /// # Cancel safety
    ///
    /// As [`serve`](Self::serve).
    pub async fn serve_lean<S>(self, service: S) -> Result<Report, Error>
    where
        L: IntoListener,
        S: Service<lean::Request> + Clone + Send + 'static,
        S::Future: Send,
        S::Response: Into<lean::Response>,
        S::Error: Into<BoxError>,
    {
        self.run(Cloned(Lean(service))).await
    }

    /// Serves as [`serve_local`](Self::serve_local) does, with a [lean](crate::lean) service.
    ///
    /// # Errors
    ///
    /// As [`serve`](Self::serve).
    ///
    /// # Panics
    ///
    /// As [`serve_local`](Self::serve_local).
    ///
    /// # Cancel safety
    ///
    /// As [`serve`](Self::serve).
    pub async fn serve_lean_local<S>(self, service: S) -> Result<Report, Error>
    where
        L: IntoListener,
        S: Service<lean::Request> + Clone + 'static,
        S::Response: Into<lean::Response>,
        S::Error: Into<BoxError>,
    {
        self.run(Local(Lean(service))).await
    }

    /// Serves each connection with a service of its own, which `make` makes for it in the connection's task. An error of
    /// `make` closes the connection.
    ///
    /// ```no_run
    /// use std::convert::Infallible;
    /// use minato_http::{ConnInfo, Server, handler_fn};
    /// use minato_service::service_fn;
    ///
    /// # async fn run() -> Result<minato_http::Report, minato_http::Error> {
    /// let make = service_fn(|info: ConnInfo| async move {
    ///     let greeting = format!("hello, {:?}", info.peer);
    ///     Ok::<_, Infallible>(handler_fn(move |_| std::future::ready(greeting.clone())))
    /// });
    /// Server::bind("127.0.0.1:3000").serve_with(make).await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`serve`](Self::serve).
    ///
    /// # Cancel safety
    ///
    /// As [`serve`](Self::serve).
    pub async fn serve_with<M, S, B>(self, make: M) -> Result<Report, Error>
    where
        L: IntoListener,
        M: Service<ConnInfo, Response = S> + Clone + Send + 'static,
        M::Future: Send,
        S: Service<Request<Body>, Response = Response<B>> + Send + 'static,
        S::Future: Send,
        S::Error: Into<BoxError>,
        B: http_body::Body + Send + 'static,
        B::Data: Buf,
        B::Error: Into<BoxError>,
    {
        self.run(Made(make)).await
    }

    async fn run<S>(self, serving: S) -> Result<Report, Error>
    where
        L: IntoListener,
        S: Serving<<L::Listener as Listener>::Io>,
    {
        let Self { listener, config, graceful } = self;
        let listener =
            listener.into_listener().await.map_err(|error| Error::with_source(Kind::Listen, error))?;
        let accept = Accept {
            connections: AcceptLoop::new(Connections(listener)),
            serving,
            config: Arc::new(config),
            graceful,
            host: Host::default(),
            is_full: false,
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
