//! The way of a request: timeouts, a connection, retries.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response, Version};
use minato_runtime::time::timeout_at;

use super::config::Speak;
use super::connect::{Agreed, Connected};
use super::h1::{Connection, Exchange};
use super::key::{Key, Transport};
use super::pool::{Agreement, Lent, Shared as SharedConnection};
use super::proxy::ProxyKind;
use super::{Shared, h2, tunnel};
use crate::body::Body;
use crate::clock::Instant;
use crate::error::{Error, Kind, Sent, Timeout};
use crate::h1::encode::Forwarding;
use crate::limits::RETRIES;

/// Sends a request, again if that is safe.
pub(super) async fn send(shared: &Shared, request: Request<Body>) -> Result<Response<Body>, Error> {
    let key = Key::of(request.uri())?;
    let asks_http2 = request.version() == Version::HTTP_2;
    let due = after(shared.config.timeouts.total);
    let mut next = Some(request);
    let mut tries = 0;
    while let Some(request) = next.take() {
        let again = if tries < RETRIES { try_clone(&request) } else { None };
        let attempt = async {
            match agree(shared, &key, asks_http2).await? {
                (Agreed::Http2, _) => {
                    let response = over_http2(shared, &key, request).await?;
                    Ok(super::timed::until(response, due))
                }
                // A second dead connection in a row says that all idle ones are.
                (Agreed::Http1, made) => over_http1(shared, &key, request, made, tries > 0, due).await,
            }
        };
        let failed: Attempt = match within(due, Timeout::Total, attempt).await {
            Ok(response) => return Ok(response),
            Err(failed) => failed,
        };
        let is_idempotent = again.as_ref().is_some_and(|request| request.method().is_idempotent());
        let is_safe =
            failed.error.is_retry_safe() && !failed.error.is_connect() && !failed.error.is_timeout();
        next = again.filter(|_| is_safe || (failed.is_stale && is_idempotent));
        if next.is_none() {
            return Err(failed.error);
        }
        tries += 1;
    }
    Err(Error::new(Kind::Canceled))
}

/// Why an attempt failed.
struct Attempt {
    error: Error,
    /// A kept connection turned out to be dead.
    is_stale: bool,
}

impl From<Error> for Attempt {
    fn from(error: Error) -> Self {
        Self { error, is_stale: false }
    }
}

/// What to speak with a host. Where that has to be found out, the connection that was made for it, if it is one for
/// HTTP/1, is there to be used.
async fn agree(shared: &Shared, key: &Key, asks_http2: bool) -> Result<(Agreed, Option<Connected>), Error> {
    match (shared.config.speak, key.transport) {
        _ if asks_http2 => return Ok((Agreed::Http2, None)),
        (Speak::Http2PriorKnowledge, _) => return Ok((Agreed::Http2, None)),
        (Speak::Http1, _) | (Speak::Negotiated, Transport::Clear) => return Ok((Agreed::Http1, None)),
        (Speak::Negotiated, Transport::Tls) => {}
    }
    let due = after(shared.config.timeouts.pool_wait);
    loop {
        match shared.pool.agree(key) {
            Agreement::Known(agreed) => return Ok((agreed, None)),
            Agreement::Permit(permit) => {
                let connected = connect(shared, key, Agreed::Http1).await?;
                return match connected.agreed {
                    Some(Agreed::Http2) => {
                        let handle = h2::handshake(connected.io, &shared.config).await?;
                        shared.pool.agreed(key, Some(Agreed::Http2));
                        permit.connected(handle);
                        Ok((Agreed::Http2, None))
                    }
                    Some(Agreed::Http1) | None => {
                        shared.pool.agreed(key, Some(Agreed::Http1));
                        Ok((Agreed::Http1, Some(connected)))
                    }
                };
            }
            Agreement::Wait(told) => {
                // Whether it was made or not, the pool knows what to do next.
                let wait = async { Ok::<_, Error>(told.await.is_ok()) };
                within(due, Timeout::PoolWait, wait).await?;
            }
        }
    }
}

/// Makes a connection for what is wanted, or what is agreed on instead.
async fn connect(shared: &Shared, key: &Key, wanted: Agreed) -> Result<Connected, Error> {
    let failed = |error| Error::with_source(Kind::Connect, error);
    let connecting = async {
        let mut forwarding = None;
        let io = match shared.proxies.find(key) {
            None => shared.connector.connect(key.uri()).await.map_err(failed)?,
            Some(proxy) => {
                let io = shared.connector.connect(proxy.uri.clone()).await.map_err(failed)?;
                if proxy.kind == ProxyKind::Http
                    && key.transport == Transport::Clear
                    && wanted == Agreed::Http1
                {
                    forwarding = Some(Arc::new(Forwarding { authorization: proxy.authorization() }));
                    io
                } else {
                    tunnel::open(proxy, key, io).await.map_err(failed)?
                }
            }
        };
        match key.transport {
            Transport::Clear => Ok(Connected { io, agreed: None, forwarding }),
            Transport::Tls => shared.tls.secure(key, shared.config.speak, io).await,
        }
    };
    within(after(shared.config.timeouts.connect), Timeout::Connect, connecting).await
}

/// A connection on which this is spoken.
async fn connect_speaking(shared: &Shared, key: &Key, wanted: Agreed) -> Result<Connected, Error> {
    let connected = connect(shared, key, wanted).await?;
    match connected.agreed {
        Some(agreed) if agreed != wanted => {
            // The host has changed its mind; nothing was sent.
            shared.pool.agreed(key, None);
            Err(Error::new(Kind::Closed(Sent::Nothing)))
        }
        _ => Ok(connected),
    }
}

async fn over_http1(
    shared: &Shared,
    key: &Key,
    request: Request<Body>,
    made: Option<Connected>,
    fresh: bool,
    due: Option<Instant>,
) -> Result<Response<Body>, Attempt> {
    let timeouts = &shared.config.timeouts;
    let lent = match shared.pool.lend(key, fresh || made.is_some()) {
        Ok(lent) => lent,
        Err(told) => {
            let wait = async { told.await.map_err(|_| Error::new(Kind::Canceled)) };
            within(after(timeouts.pool_wait), Timeout::PoolWait, wait).await?
        }
    };
    let connection = match lent {
        Lent::Connection(connection) => *connection,
        Lent::Permit(permit) => {
            let connected = match made {
                Some(connected) => connected,
                None => connect_speaking(shared, key, Agreed::Http1).await?,
            };
            Connection::new(connected, permit)
        }
    };
    let mut exchange = Exchange::new(connection, request, timeouts);
    let head = async {
        poll_fn(|cx| exchange.poll_head(cx))
            .await
            .map_err(|failed| Attempt { error: failed.error, is_stale: failed.is_stale })
    };
    let head = within(after(timeouts.head), Timeout::Head, head).await?;
    Ok(exchange.into_response(head, timeouts, due))
}

async fn over_http2(shared: &Shared, key: &Key, request: Request<Body>) -> Result<Response<Body>, Error> {
    let timeouts = &shared.config.timeouts;
    let pool_due = after(timeouts.pool_wait);
    let (mut handle, ticket) = loop {
        match shared.pool.share(key) {
            SharedConnection::Connection(handle, ticket) => break (handle, ticket),
            SharedConnection::Permit(permit) => {
                let connected = connect_speaking(shared, key, Agreed::Http2).await?;
                let handle = h2::handshake(connected.io, &shared.config).await?;
                // Counted in before it is shared, so that this request at least has its place.
                let ticket = handle.begin();
                permit.connected(handle.clone());
                if let Some(ticket) = ticket {
                    break (handle, ticket);
                }
            }
            SharedConnection::Wait(told) => {
                // Whether it was made or not, the pool knows what to do next.
                let wait = async { Ok::<_, Error>(told.await.is_ok()) };
                within(pool_due, Timeout::PoolWait, wait).await?;
            }
        }
    };
    within(pool_due, Timeout::PoolWait, handle.ready()).await?;
    within(after(timeouts.head), Timeout::Head, handle.request(ticket, request)).await
}

fn after(timeout: Option<Duration>) -> Option<Instant> {
    Instant::now().checked_add(timeout?)
}

/// Bounds a future by a clock.
async fn within<T, E: From<Error>>(
    due: Option<Instant>,
    timeout: Timeout,
    future: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match due {
        None => future.await,
        Some(due) => match timeout_at(due, future).await {
            Ok(output) => output,
            Err(_) => Err(Error::new(Kind::Timeout(timeout)).into()),
        },
    }
}

/// The same request once more, if its body is known beforehand.
fn try_clone(request: &Request<Body>) -> Option<Request<Body>> {
    let mut again = Request::new(request.body().try_clone()?);
    *again.method_mut() = Method::clone(request.method());
    *again.uri_mut() = request.uri().clone();
    *again.version_mut() = request.version();
    *again.headers_mut() = request.headers().clone();
    *again.extensions_mut() = request.extensions().clone();
    Some(again)
}
