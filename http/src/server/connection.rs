//! One connection of either protocol: what it speaks is seen in its first bytes.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Buf;
use http::{Request, Response};
use minato_runtime::io::{AsyncRead, AsyncWrite};
use minato_service::BoxError;
use tower_service::Service;

use super::config::ServerConfig;
use super::shutdown::{Guest, Stage};
use super::{h1, h2};
use crate::body::Body;
use crate::clock::{Deadline, Instant};
use crate::conn_info::ConnInfo;
use crate::error::{Error, Sent};
use crate::h2::PREFACE;
use crate::input::Input;

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
    serve(io, service, Arc::new(config), ConnInfo::default(), Guest::alone()).await
}

/// Serves one connection on behalf of a server.
pub(super) async fn serve<Io, S, B>(
    mut io: Io,
    service: S,
    config: Arc<ServerConfig>,
    info: ConnInfo,
    guest: Guest,
) -> Result<(), Error>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: http_body::Body + 'static,
    B::Data: Buf,
    B::Error: Into<BoxError>,
{
    let accepted = Instant::now();
    let mut first = FirstBytes { input: Input::default(), deadline: Deadline::default(), guest, accepted };
    let spoken = poll_fn(|cx| first.poll(&mut io, &config, cx)).await?;
    let FirstBytes { input, guest, .. } = first;
    match spoken {
        Spoken::Nothing => Ok(()),
        Spoken::Http1 => {
            let mut connection = h1::Connection::new(io, input, service, config, info, guest, accepted);
            (&mut connection).await?;
            connection.hand_over();
            Ok(())
        }
        // Boxed, so that an HTTP/1 connection does not carry the room for it.
        Spoken::Http2 => {
            Box::pin(h2::Connection::new(io, input, service, config, info, guest, accepted)).await
        }
    }
}

enum Spoken {
    Nothing,
    Http1,
    Http2,
}

/// Reads until it is clear what is spoken, under the deadline that the first head has anyway.
struct FirstBytes {
    input: Input,
    deadline: Deadline,
    guest: Guest,
    accepted: Instant,
}

impl FirstBytes {
    fn poll<Io: AsyncRead + Unpin>(
        &mut self,
        io: &mut Io,
        config: &ServerConfig,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Spoken, Error>> {
        loop {
            match self.input.poll_fill(io, cx, None) {
                Poll::Ready(Ok(0)) if self.input.is_empty() => return Poll::Ready(Ok(Spoken::Nothing)),
                // What there is goes where a broken head is answered.
                Poll::Ready(Ok(0)) => return Poll::Ready(Ok(Spoken::Http1)),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Error::io(Sent::Nothing, error))),
                Poll::Pending => break,
            }
            let bytes = self.input.bytes();
            if bytes.starts_with(PREFACE) {
                return Poll::Ready(Ok(Spoken::Http2));
            }
            if !PREFACE.starts_with(bytes) {
                return Poll::Ready(Ok(Spoken::Http1));
            }
        }
        // The HTTP/1 driver knows how much grace a connection without a request has while the server drains.
        match self.guest.stage() {
            Stage::Serving => {}
            _ => return Poll::Ready(Ok(Spoken::Http1)),
        }
        if self.guest.poll_changed(cx).is_ready() {
            return Poll::Ready(Ok(Spoken::Http1));
        }
        let due = config.timeouts.head.and_then(|timeout| self.accepted.checked_add(timeout));
        self.deadline.poll(due, cx).map(|()| Ok(Spoken::Nothing))
    }
}
