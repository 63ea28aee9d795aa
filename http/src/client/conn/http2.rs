//! One connection of HTTP/2, shared by all clones of what sends requests over it.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let rt = minato_runtime::runtime::Runtime::new()?;
//! # rt.block_on(async {
//! use http::Request;
//! use minato_http::{Body, ResponseExt, ServerConfig, conn::http2, handler_fn, serve_connection};
//!
//! let (ours, theirs) = minato_runtime::io::duplex(4096);
//! minato_runtime::spawn(serve_connection(theirs, handler_fn(|_| async { "hello" }), ServerConfig::default()));
//!
//! let mut sender = http2::handshake(ours).await?;
//! let request = Request::get("http://localhost/path").body(Body::empty())?;
//! assert_eq!(sender.send_request(request).await?.text().await?, "hello");
//! # Ok(()) })
//! # }
//! ```

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use minato_runtime::io::{AsyncRead, AsyncWrite};
use minato_service::Service;

use super::connect::{Protocol, sealed};
use crate::body::Body;
use crate::client::config::ClientConfig;
use crate::client::connect::Connected;
use crate::client::h2::{self, Handle};
use crate::client::send::{after, due, within};
use crate::client::{ResponseFuture, timed};
use crate::error::{Error, Kind, Sent, Timeout};

/// HTTP/2, as what a [`Connect`](super::Connect) speaks.
#[derive(Debug, Clone, Copy)]
pub enum Http2 {}

/// A service that speaks HTTP/2 on the connections that another service makes.
pub type Connect<M> = super::Connect<M, Http2>;

impl sealed::Sealed for Http2 {}

impl Protocol for Http2 {
    type SendRequest = SendRequest;

    #[allow(private_interfaces, reason = "the trait is sealed; nobody else calls it")]
    async fn begin(connected: Connected, config: Arc<ClientConfig>) -> Result<SendRequest, Error> {
        let handle = h2::handshake(connected, &config);
        Ok(SendRequest { handle, config })
    }
}

/// Begins HTTP/2 on a connection, with every setting at its default, and spawns the task that drives it in the current
/// runtime. The task ends with the connection: when the server ends it, when nothing has been sent on it for the
/// `idle_timeout` of [`PoolConfig`](crate::PoolConfig), or with the runtime.
///
/// # Errors
///
/// When the connection ends before anything was said.
pub async fn handshake<Io>(io: Io) -> Result<SendRequest, Error>
where
    Io: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    handshake_with(io, ClientConfig::default()).await
}

/// As [`handshake`], with other settings.
///
/// # Errors
///
/// As [`handshake`].
pub async fn handshake_with<Io>(io: Io, config: ClientConfig) -> Result<SendRequest, Error>
where
    Io: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    Http2::begin(super::connected(io), Arc::new(config)).await
}

/// Sends requests over one connection of HTTP/2; a clone over the same.
#[derive(Clone)]
pub struct SendRequest {
    handle: Handle,
    config: Arc<ClientConfig>,
}

impl SendRequest {
    /// Waits until a request can be sent, which on a connection that is open is at once: where the server takes no
    /// further stream, the response waits for one.
    ///
    /// # Errors
    ///
    /// When the connection has ended, or takes no further request.
    pub async fn ready(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.poll_ready(cx)).await
    }

    /// As [`ready`](Self::ready), for a task that polls.
    pub fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(match self.handle.is_closed() {
            true => Err(Error::new(Kind::Closed(Sent::Nothing))),
            false => Ok(()),
        })
    }

    /// Whether the connection has ended, or takes no further request.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// Exchanges that have not ended, of all clones.
    #[must_use]
    pub fn open(&self) -> usize {
        self.handle.open()
    }

    /// Sends a request.
    ///
    /// # Errors
    ///
    /// When the connection or the stream ended, or a clock ran out: [`Timeout::PoolWait`] where the server took no further
    /// stream in time.
    pub fn send_request(&mut self, request: Request<Body>) -> ResponseFuture {
        let (mut handle, config) = (self.handle.clone(), Arc::clone(&self.config));
        ResponseFuture::boxed(Box::pin(async move {
            let timeouts = &config.timeouts;
            let due = due(timeouts, &request)?;
            let answer = async {
                let ticket = handle.begin().ok_or_else(|| Error::new(Kind::Closed(Sent::Nothing)))?;
                handle.request(ticket, request, after(timeouts.pool_wait)).await
            };
            Ok(timed::until(within(due, Timeout::Total, answer).await?, due))
        }))
    }
}

impl Service<Request<Body>> for SendRequest {
    type Response = Response<Body>;
    type Error = Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Self::poll_ready(self, cx)
    }

    fn call(&mut self, request: Request<Body>) -> ResponseFuture {
        self.send_request(request)
    }
}

impl fmt::Debug for SendRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendRequest").field("open", &self.open()).field("closed", &self.is_closed()).finish()
    }
}
