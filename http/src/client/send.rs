//! The way of a request: timeouts, a connection, retries.

use std::future::{Future, poll_fn};
use std::time::Duration;

use http::uri::{Authority, Scheme};
use http::{Method, Request, Response, Uri, Version};
use minato_runtime::time::timeout_at;

use super::config::Speak;
use super::h1::{Connection, Exchange};
use super::pool::{Key, Lent, Permit, Shared as SharedConnection};
use super::{Shared, h2};
use crate::body::Body;
use crate::clock::Instant;
use crate::error::{Error, Kind, Timeout};
use crate::limits::RETRIES;

/// Sends a request, again if that is safe.
pub(super) async fn send(shared: &Shared, request: Request<Body>) -> Result<Response<Body>, Error> {
    let key = key(request.uri())?;
    let is_http2 = shared.config.speak == Speak::Http2PriorKnowledge || request.version() == Version::HTTP_2;
    let due = after(shared.config.timeouts.total);
    let mut next = Some(request);
    let mut tries = 0;
    while let Some(request) = next.take() {
        let again = if tries < RETRIES { try_clone(&request) } else { None };
        let attempt = async {
            match is_http2 {
                true => over_http2(shared, &key, request)
                    .await
                    .map_err(|error| Attempt { error, is_stale: false }),
                // A second dead connection in a row says that all idle ones are.
                false => over_http1(shared, &key, request, tries > 0, due).await,
            }
        };
        let failed = match within(due, Timeout::Total, attempt).await {
            Ok(response) if is_http2 => return Ok(super::timed::until(response, due)),
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

async fn over_http1(
    shared: &Shared,
    key: &Key,
    request: Request<Body>,
    fresh: bool,
    due: Option<Instant>,
) -> Result<Response<Body>, Attempt> {
    let timeouts = &shared.config.timeouts;
    let lent = match shared.pool.lend(key, fresh) {
        Ok(lent) => lent,
        Err(told) => {
            let wait = async { told.await.map_err(|_| Error::new(Kind::Canceled)) };
            within(after(timeouts.pool_wait), Timeout::PoolWait, wait).await?
        }
    };
    let connection = match lent {
        Lent::Connection(connection) => *connection,
        Lent::Permit(permit) => connect(shared, host_of(request.uri()), permit).await?,
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

async fn connect(shared: &Shared, host: Uri, permit: Permit) -> Result<Connection, Error> {
    let connecting = shared.connector.connect(host);
    let connecting = async { connecting.await.map_err(|error| Error::with_source(Kind::Connect, error)) };
    let io = within(after(shared.config.timeouts.connect), Timeout::Connect, connecting).await?;
    Ok(Connection::new(io, permit))
}

async fn over_http2(shared: &Shared, key: &Key, request: Request<Body>) -> Result<Response<Body>, Error> {
    let timeouts = &shared.config.timeouts;
    let pool_due = after(timeouts.pool_wait);
    let host = host_of(request.uri());
    let (mut handle, ticket) = loop {
        match shared.pool.share(key) {
            SharedConnection::Connection(handle, ticket) => break (handle, ticket),
            SharedConnection::Permit(permit) => {
                let connecting = async {
                    let connecting = shared.connector.connect(host.clone());
                    let io = connecting.await.map_err(|error| Error::with_source(Kind::Connect, error))?;
                    h2::handshake(io, &shared.config).await
                };
                let handle = within(after(timeouts.connect), Timeout::Connect, connecting).await?;
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

/// The host of a request, if it can be sent at all.
fn key(uri: &Uri) -> Result<Key, Error> {
    let user = |what| Err(Error::new(Kind::User(what)));
    match (uri.scheme(), uri.authority()) {
        (Some(scheme), _) if *scheme != Scheme::HTTP => user("only the scheme http is supported"),
        (Some(_), Some(authority)) if authority.as_str().contains('@') => {
            user("the URI has user information")
        }
        (Some(_), Some(authority)) if !authority.host().is_empty() => Ok(Authority::clone(authority)),
        _ => user("the URI has no scheme and host"),
    }
}

/// The scheme and authority of a URI.
fn host_of(uri: &Uri) -> Uri {
    let authority = uri.authority().cloned();
    authority
        .and_then(|authority| {
            Uri::builder().scheme("http").authority(authority).path_and_query("/").build().ok()
        })
        .unwrap_or_default()
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
