//! One connection of HTTP/1: one exchange after another.
//!
//! There is no second half to be spawned, as `hyper` has it: whoever waits for the response drives the connection.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let rt = minato_runtime::runtime::Runtime::new()?;
//! # rt.block_on(async {
//! use http::Request;
//! use minato_http::{Body, ResponseExt, ServerConfig, conn::http1, handler_fn, serve_connection};
//!
//! let (ours, theirs) = minato_runtime::io::duplex(4096);
//! minato_runtime::spawn(serve_connection(theirs, handler_fn(|_| async { "hello" }), ServerConfig::default()));
//!
//! let mut sender = http1::handshake(ours);
//! for _ in 0..2 {
//!     sender.ready().await?;
//!     let request = Request::get("/path").header("host", "localhost").body(Body::empty())?;
//!     assert_eq!(sender.send_request(request).await?.text().await?, "hello");
//! }
//! # Ok(()) })
//! # }
//! ```

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use minato_runtime::io::{AsyncRead, AsyncWrite};
use minato_runtime::sync::oneshot;
use minato_service::Service;

use super::connect::{Protocol, sealed};
use crate::body::Body;
use crate::client::ResponseFuture;
use crate::client::config::ClientConfig;
use crate::client::connect::Connected;
use crate::client::h1::{Connection, Exchange, Home};
use crate::client::send::{due, within};
use crate::error::{Error, Kind, Sent, Timeout};

/// HTTP/1, as what a [`Connect`](super::Connect) speaks.
#[derive(Debug, Clone, Copy)]
pub enum Http1 {}

/// A service that speaks HTTP/1 on the connections that another service makes.
pub type Connect<M> = super::Connect<M, Http1>;

impl sealed::Sealed for Http1 {}

impl Protocol for Http1 {
    type SendRequest = SendRequest;

    #[allow(private_interfaces, reason = "the trait is sealed; nobody else calls it")]
    async fn begin(connected: Connected, config: Arc<ClientConfig>) -> Result<SendRequest, Error> {
        Ok(SendRequest::new(connected, config))
    }
}

/// Begins HTTP/1 on a connection, with every setting at its default. Nothing is sent by that.
pub fn handshake<Io>(io: Io) -> SendRequest
where
    Io: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    handshake_with(io, ClientConfig::default())
}

/// As [`handshake`], with other settings; those about pools, and about agreeing on a protocol, mean nothing here.
pub fn handshake_with<Io>(io: Io, config: ClientConfig) -> SendRequest
where
    Io: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    SendRequest::new(super::connected(io), Arc::new(config))
}

/// Sends requests over one connection of HTTP/1, one at a time.
///
/// The URI of a request may be a path alone; then the caller sets `host`. Dropping it closes the connection, once the exchange
/// that goes on has ended.
///
/// # Cancel safety
///
/// Dropping the future of a response, or its body before its end, closes the connection; then nothing is ready any more.
pub struct SendRequest {
    place: Place,
    config: Arc<ClientConfig>,
}

/// Where the connection is.
enum Place {
    Here(Box<Connection>),
    /// With an exchange, which sends it back.
    Lent(oneshot::Receiver<Box<Connection>>),
    Gone,
}

impl SendRequest {
    fn new(connected: Connected, config: Arc<ClientConfig>) -> Self {
        Self { place: Place::Here(Connection::new(connected, Home::Nowhere, config.http1)), config }
    }

    /// Waits until a request can be sent: until the response before it has ended.
    ///
    /// # Errors
    ///
    /// When the connection has ended, or cannot be used again.
    pub async fn ready(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.poll_ready(cx)).await
    }

    /// As [`ready`](Self::ready), for a task that polls.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            self.place = match &mut self.place {
                Place::Here(connection) => match connection.is_usable() {
                    true => return Poll::Ready(Ok(())),
                    false => Place::Gone,
                },
                Place::Lent(told) => match ready!(Pin::new(told).poll(cx)) {
                    Ok(connection) => Place::Here(connection),
                    Err(_) => Place::Gone,
                },
                Place::Gone => return Poll::Ready(Err(Error::new(Kind::Closed(Sent::Nothing)))),
            };
        }
    }

    /// Whether the connection has ended, or cannot be used again, as far as that is known.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.place, Place::Gone)
    }

    /// Sends a request.
    ///
    /// # Errors
    ///
    /// When it was not [ready](Self::ready), a clock ran out, the connection ended, or the server broke the rules.
    pub fn send_request(&mut self, mut request: Request<Body>) -> ResponseFuture {
        let timeouts = self.config.timeouts.clone();
        let due = match due(&timeouts, &request) {
            Ok(due) => due,
            Err(error) => return ResponseFuture::failed(error),
        };
        let mut connection = match std::mem::replace(&mut self.place, Place::Gone) {
            Place::Here(connection) => connection,
            other => {
                self.place = other;
                return ResponseFuture::failed(Error::new(Kind::User("the connection is not ready")));
            }
        };
        let (home, back) = oneshot::channel();
        connection.settle(Home::Alone(home));
        self.place = Place::Lent(back);
        ResponseFuture::boxed(Box::pin(async move {
            let mut exchange = Exchange::new(connection, &mut request, &timeouts);
            let answered = within(due, Timeout::Total, poll_fn(|cx| exchange.poll_head(cx))).await;
            let head = answered.map_err(|failed| failed.error)?;
            Ok(exchange.into_response(head, &timeouts, due))
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
        let place = match self.place {
            Place::Here(_) => "ready",
            Place::Lent(_) => "in use",
            Place::Gone => "closed",
        };
        f.debug_struct("SendRequest").field("connection", &place).finish()
    }
}
