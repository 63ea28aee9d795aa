//! One connection of either protocol: what it speaks is seen in its first bytes.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::{Request, Response};
use minato_runtime::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use minato_service::BoxError;
use tower_service::Service;

use super::callee::{Callee, Tower};
use super::config::ServerConfig;
use super::proxy_protocol::{self, NoHeader, Trust};
use super::secure::{serve_secured, speaks_tls};
use super::shutdown::{Guest, Stage};
use super::stats::{Refusal, ServerEvent};
use super::{h1, h2};
use crate::body::Body;
use crate::clock::{Deadline, Instant};
use crate::conn_info::{ConnInfo, Protocol};
use crate::error::{Error, Sent, Timeout};
use crate::h2::PREFACE;
use crate::input::Input;
use crate::lean::{self, Lean};

/// Serves one connection that was made elsewhere: a pipe, a TLS stream, a socket that was handed over.
///
/// It speaks HTTP/1 or HTTP/2 as the client does, and ends when the connection does.
///
/// ```
/// # async fn example() -> Result<(), minato_http::Error> {
/// use minato_http::{ServerConfig, handler_fn, serve_connection};
///
/// let (client_io, server_io) = minato_runtime::io::duplex(64 * 1024);
/// let hello = handler_fn(|_| async { "hello" });
/// minato_runtime::spawn(serve_connection(server_io, hello, ServerConfig::default()));
/// # drop(client_io);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// When the connection failed, or the client broke HTTP/2 beyond repair. A client that is refused with a status is no
/// error.
///
/// # Cancel safety
///
/// Dropping the future closes the connection and drops the handlers of its requests.
pub async fn serve_connection<Io, S, B>(io: Io, service: S, config: ServerConfig) -> Result<(), Error>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: http_body::Body + 'static,
    B::Data: Buf,
    B::Error: Into<BoxError>,
{
    serve(io, Tower(service), Arc::new(config), ConnInfo::default(), Guest::alone()).await
}

/// Serves one connection as [`serve_connection`](crate::serve_connection) does, with a lean service.
///
/// # Errors
///
/// As [`serve_connection`](crate::serve_connection).
///
/// # Cancel safety
///
/// As [`serve_connection`](crate::serve_connection).
pub async fn serve_lean_connection<Io, S>(io: Io, service: S, config: ServerConfig) -> Result<(), Error>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<lean::Request>,
    S::Response: Into<lean::Response>,
    S::Error: Into<BoxError>,
{
    serve(io, Lean(service), Arc::new(config), ConnInfo::default(), Guest::alone()).await
}

/// Serves one connection on behalf of a server.
///
/// What is rare has its room elsewhere, and what is used up makes room for what follows: a connection that waits for
/// its next request holds little more than the state of its protocol.
pub(super) fn serve<Io, C>(
    io: Io,
    callee: C,
    config: Arc<ServerConfig>,
    info: ConnInfo,
    guest: Guest,
) -> impl Future<Output = Result<(), Error>>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    C: Callee,
{
    let mut opening = Opening::new(guest);
    opening.guest.be_counted(config.handle.as_ref(), info.peer, opening.accepted);
    match config.proxy_protocol.is_some() || speaks_tls(&config) {
        false => Served::Plainly(serve_opened(io, callee, config, info, opening)),
        true => Served::Rarely(Box::pin(serve_announced(io, callee, config, info, opening))),
    }
}

/// Serves a connection that may have something before HTTP.
async fn serve_announced<Io, C>(
    mut io: Io,
    callee: C,
    config: Arc<ServerConfig>,
    info: ConnInfo,
    mut opening: Opening,
) -> Result<(), Error>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    C: Callee,
{
    let info = poll_fn(|cx| opening.poll_proxy_header(&mut io, &info, &config, cx)).await?;
    let Some(info) = info else { return Ok(()) };
    serve_secured(io, callee, config, info, opening).await
}

/// Serves a connection that is ready for HTTP.
pub(super) fn serve_opened<Io, C: Callee>(
    io: Io,
    callee: C,
    config: Arc<ServerConfig>,
    info: ConnInfo,
    opening: Opening,
) -> Opened<Io, C> {
    Opened::Unspoken { io, callee, config, info, opening }
}

type Http2<Io, C> = h2::Connection<Io, <C as Callee>::Service, <C as Callee>::Body>;

/// A connection in one of the forms it may begin in.
#[expect(clippy::large_enum_variant, reason = "the large one is what nearly all connections are")]
enum Served<R, Io, C: Callee> {
    Plainly(Opened<Io, C>),
    Rarely(Pin<Box<R>>),
}

/// A connection that is ready for HTTP.
#[must_use = "futures do nothing unless polled"]
pub(super) enum Opened<Io, C: Callee> {
    /// Nobody has said yet what is spoken.
    Unspoken {
        io: Io,
        callee: C,
        config: Arc<ServerConfig>,
        info: ConnInfo,
        opening: Opening,
    },
    Http1(h1::Connection<Io, C>),
    // Boxed, so that an HTTP/1 connection does not carry the room for it.
    Http2(Pin<Box<Http2<Io, C>>>),
    Done,
}

// Nothing in it is pinned in place: what must not move is boxed.
impl<Io, C: Callee> Unpin for Opened<Io, C> {}

impl<R, Io, C: Callee> Unpin for Served<R, Io, C> {}

impl<R, Io, C> Future for Served<R, Io, C>
where
    R: Future<Output = Result<(), Error>>,
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    C: Callee,
{
    type Output = Result<(), Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Plainly(opened) => Pin::new(opened).poll(cx),
            Self::Rarely(rare) => rare.as_mut().poll(cx),
        }
    }
}

impl<Io, C> Future for Opened<Io, C>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    C: Callee,
{
    type Output = Result<(), Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let me = self.get_mut();
        loop {
            match me {
                Self::Unspoken { io, config, opening, .. } => {
                    let spoken = ready!(opening.poll_spoken(io, config, cx))?;
                    *me = std::mem::replace(me, Self::Done).speaking(spoken);
                }
                Self::Http1(connection) => {
                    ready!(Pin::new(connection).poll(cx))?;
                    if let Self::Http1(connection) = std::mem::replace(me, Self::Done) {
                        connection.hand_over();
                    }
                }
                Self::Http2(connection) => {
                    ready!(connection.as_mut().poll(cx))?;
                    *me = Self::Done;
                }
                Self::Done => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl<Io, C> Opened<Io, C>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    C: Callee,
{
    fn speaking(self, spoken: Spoken) -> Self {
        let Self::Unspoken { io, callee, config, info, opening } = self else { return self };
        let Opening { input, guest, accepted, .. } = opening;
        match spoken {
            Spoken::Nothing => Self::Done,
            Spoken::Http1 => {
                guest.note(&ServerEvent::Speaks(Protocol::Http1));
                Self::Http1(h1::Connection::new(io, input, callee, config, info, guest, accepted))
            }
            Spoken::Http2 => {
                guest.note(&ServerEvent::Speaks(Protocol::Http2));
                let service = callee.into_service();
                Self::Http2(Box::pin(h2::Connection::new(io, input, service, config, info, guest, accepted)))
            }
        }
    }
}

enum Spoken {
    Nothing,
    Http1,
    Http2,
}

/// A connection of which nothing is known yet, under the deadline that the first head has anyway.
pub(super) struct Opening {
    input: Input,
    deadline: Deadline,
    pub(super) guest: Guest,
    accepted: Instant,
}

/// What became of an attempt to read on.
enum Arrived {
    More,
    End,
    /// The time is up, or the server is to end.
    Over(Stage),
}

impl Opening {
    fn new(guest: Guest) -> Self {
        Self { input: Input::default(), deadline: Deadline::default(), guest, accepted: Instant::now() }
    }

    /// Who the connection is from, as a trusted peer says before anything else; `None` if it says nothing that counts.
    fn poll_proxy_header<Io: AsyncRead + Unpin>(
        &mut self,
        io: &mut Io,
        info: &ConnInfo,
        config: &ServerConfig,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<ConnInfo>, Error>> {
        let is_trusted = |trust: &Trust| info.peer.is_none_or(|peer| trust.covers(peer.ip()));
        if !config.proxy_protocol.as_ref().is_some_and(is_trusted) {
            return Poll::Ready(Ok(Some(info.clone())));
        }
        loop {
            match proxy_protocol::parse(self.input.bytes()) {
                Ok(Some((spoken, len))) => {
                    self.input.consume(len);
                    return Poll::Ready(Ok(Some(info.spoken_for(spoken))));
                }
                Err(NoHeader) => {
                    self.guest.note(&ServerEvent::Refused(Refusal::ProxyHeader));
                    return Poll::Ready(Ok(None));
                }
                Ok(None) => {}
            }
            // No further than the header, since what follows may be for another reader.
            let at_most = proxy_protocol::wanted(self.input.bytes());
            match ready!(self.poll_read(io, at_most, config, cx))? {
                Arrived::More => {}
                Arrived::End | Arrived::Over(_) => return Poll::Ready(Ok(None)),
            }
        }
    }

    /// Reads until it is clear what is spoken.
    fn poll_spoken<Io: AsyncRead + Unpin>(
        &mut self,
        io: &mut Io,
        config: &ServerConfig,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Spoken, Error>> {
        loop {
            let bytes = self.input.bytes();
            if bytes.starts_with(PREFACE) {
                return Poll::Ready(Ok(Spoken::Http2));
            }
            if !PREFACE.starts_with(bytes) {
                return Poll::Ready(Ok(Spoken::Http1));
            }
            let spoken = match ready!(self.poll_read(io, usize::MAX, config, cx))? {
                Arrived::More => continue,
                Arrived::End if self.input.is_empty() => Spoken::Nothing,
                // What there is goes where a broken head is answered.
                Arrived::End => Spoken::Http1,
                Arrived::Over(Stage::Serving) => Spoken::Nothing,
                // The HTTP/1 driver knows how much grace a connection without a request has while the server drains.
                Arrived::Over(_) => Spoken::Http1,
            };
            return Poll::Ready(Ok(spoken));
        }
    }

    fn poll_read<Io: AsyncRead + Unpin>(
        &mut self,
        io: &mut Io,
        at_most: usize,
        config: &ServerConfig,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Arrived, Error>> {
        let read = match at_most {
            usize::MAX => self.input.poll_fill(io, cx, None),
            at_most => self.input.poll_fill(&mut io.take(at_most as u64), cx, None),
        };
        match read {
            Poll::Ready(Ok(0)) => Poll::Ready(Ok(Arrived::End)),
            Poll::Ready(Ok(_)) => Poll::Ready(Ok(Arrived::More)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(Error::io(Sent::Nothing, error))),
            Poll::Pending => self.poll_over(config, cx).map(|stage| Ok(Arrived::Over(stage))),
        }
    }

    pub(super) fn poll_due(&mut self, config: &ServerConfig, cx: &mut Context<'_>) -> Poll<()> {
        let due = config.timeouts.head.and_then(|timeout| self.accepted.checked_add(timeout));
        let polled = self.deadline.poll(due, cx);
        if polled.is_ready() {
            self.guest.note(&ServerEvent::TimedOut(Timeout::Head));
        }
        polled
    }

    /// Ready when the server is to end, or with [`Stage::Serving`] when the time is up.
    fn poll_over(&mut self, config: &ServerConfig, cx: &mut Context<'_>) -> Poll<Stage> {
        let stage = self.guest.stage();
        if stage > Stage::Serving || self.guest.poll_changed(cx).is_ready() {
            return Poll::Ready(self.guest.stage());
        }
        self.poll_due(config, cx).map(|()| Stage::Serving)
    }
}
