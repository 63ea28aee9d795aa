//! The way of a request: timeouts, a connection, retries.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response, Version};
use minato_runtime::time::timeout_at;
use minato_service::Deadline;

use super::config::{ClientTimeouts, Speak};
use super::connect::{Agreed, Connected, Dialed};
use super::h1::{Connection, Exchange, Failed, Home};
use super::key::{Key, Transport};
use super::metrics::Metrics;
use super::pool::{Agreement, Host, Lent, Shared as SharedConnection};
use super::proxy::ProxyKind;
use super::{Shared, h2, tunnel};
use crate::body::Body;
use crate::clock::Instant;
use crate::conn_info::ConnInfo;
use crate::error::{Error, Kind, Sent, Timeout};
use crate::h1::encode::Forwarding;
use crate::limits::RETRIES;

/// What the attempts of one request have in common.
struct Call<'a> {
    shared: &'a Shared,
    host: Arc<Host>,
    asks_http2: bool,
    /// When the whole exchange must have ended.
    due: Option<Instant>,
    metrics: Option<Metrics>,
}

/// Sends a request that has been tried so many times, again if that is safe.
pub(super) async fn send(
    shared: &Shared,
    request: Request<Body>,
    mut tries: usize,
) -> Result<Response<Body>, Error> {
    let key = Key::of(request.uri())?;
    let call = Call {
        shared,
        host: shared.pool.host(&key),
        asks_http2: request.version() == Version::HTTP_2,
        due: due(&shared.config.timeouts, &request)?,
        metrics: shared.config.metrics.then(Metrics::start),
    };
    let mut next = Some(request);
    while let Some(request) = next.take() {
        let again = if tries < RETRIES { try_clone(&request) } else { None };
        let failed: Failed = match within(call.due, Timeout::Total, call.attempt(request, tries > 0)).await {
            Ok(response) => return Ok(response),
            Err(failed) => failed,
        };
        next = again.filter(|request| failed.may_repeat(request.method()));
        if next.is_none() {
            return Err(failed.error);
        }
        tries += 1;
    }
    Err(Error::new(Kind::Canceled))
}

/// When the exchange must have ended: the earliest of what the client grants, what the request carries, and what binds the
/// call it is made in. A request that is late already is not sent.
pub(super) fn due(timeouts: &ClientTimeouts, request: &Request<Body>) -> Result<Option<Instant>, Error> {
    let granted = after(timeouts.total);
    let carried = request.extensions().get::<Deadline>().copied();
    let bound = carried.into_iter().chain(Deadline::current()).min();
    if bound.is_some_and(Deadline::is_expired) {
        return Err(Error::new(Kind::Timeout(Timeout::Total)));
    }
    Ok(granted.into_iter().chain(bound.map(Deadline::instant)).min())
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, is_stale: false }
    }
}

impl Call<'_> {
    async fn attempt(&self, request: Request<Body>, is_again: bool) -> Result<Response<Body>, Failed> {
        let request = match &self.metrics {
            Some(metrics) => {
                metrics.marks().attempts += 1;
                metrics.count_request(request)
            }
            None => request,
        };
        let response = match self.agree().await? {
            (Agreed::Http2, _) => super::timed::until(self.over_http2(request).await?, self.due),
            // A second dead connection in a row says that all idle ones are.
            (Agreed::Http1, made) => self.over_http1(request, made, is_again).await?,
        };
        Ok(match &self.metrics {
            Some(metrics) => metrics.count_response(response),
            None => response,
        })
    }

    /// What to speak with a host. Where that has to be found out, the connection that was made for it, if it is one for
    /// HTTP/1, is there to be used.
    async fn agree(&self) -> Result<(Agreed, Option<Connected>), Error> {
        let Self { shared, host, .. } = self;
        match (shared.config.speak, host.key().transport) {
            _ if self.asks_http2 => return Ok((Agreed::Http2, None)),
            (Speak::Http2PriorKnowledge, _) => return Ok((Agreed::Http2, None)),
            (Speak::Http1, _) | (Speak::Negotiated, Transport::Clear) => return Ok((Agreed::Http1, None)),
            (Speak::Negotiated, Transport::Tls) => {}
        }
        let due = after(shared.config.timeouts.pool_wait);
        loop {
            match host.agree() {
                Agreement::Known(agreed) => return Ok((agreed, None)),
                Agreement::Permit(permit) => {
                    let connected = self.connect(Agreed::Http1).await?;
                    return match connected.agreed {
                        Some(Agreed::Http2) => {
                            let handle = h2::handshake(connected, &shared.config);
                            host.agreed(Some(Agreed::Http2));
                            permit.connected(handle, 0);
                            Ok((Agreed::Http2, None))
                        }
                        Some(Agreed::Http1) | None => {
                            host.agreed(Some(Agreed::Http1));
                            Ok((Agreed::Http1, Some(connected)))
                        }
                    };
                }
                // Whether it was made or not, the pool knows what to do next.
                Agreement::Wait(told) => self.wait(due, async { Ok(told.await.is_ok()) }).await.map(drop)?,
            }
        }
    }

    /// Waits for others, and notes how long.
    async fn wait<T>(
        &self,
        due: Option<Instant>,
        told: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let started = self.metrics.as_ref().map(Metrics::elapsed);
        let told = within(due, Timeout::PoolWait, told).await;
        if let (Some(metrics), Some(started)) = (&self.metrics, started) {
            let waited = metrics.elapsed().saturating_sub(started);
            *metrics.marks().wait.get_or_insert_default() += waited;
        }
        told
    }

    /// Makes a connection for what is wanted, or what is agreed on instead.
    async fn connect(&self, wanted: Agreed) -> Result<Connected, Error> {
        // Boxed, so that a request that finds a connection does not carry the room for it.
        let connecting = Box::pin(self.connect_untimed(wanted));
        let attempt = self.host.attempt();
        let due = after(self.shared.config.timeouts.connect);
        let connected = within(due, Timeout::Connect, connecting).await;
        attempt.ended(connected.is_ok());
        connected
    }

    async fn connect_untimed(&self, wanted: Agreed) -> Result<Connected, Error> {
        let Self { shared, host, metrics, .. } = self;
        let failed = |error| Error::with_source(Kind::Connect, error);
        let key = host.key();
        let started = metrics.as_ref().map(Metrics::elapsed);
        let mut forwarding = None;
        let (io, info, lookup) = match shared.proxies.find(key) {
            None => {
                let Dialed { io, info, lookup } =
                    shared.connector.connect(key.uri()).await.map_err(failed)?;
                (io, info, lookup)
            }
            Some(proxy) => {
                let dialed = shared.connector.connect(proxy.uri.clone()).await.map_err(failed)?;
                let Dialed { io, info, lookup } = dialed;
                let is_forwarded = proxy.kind == ProxyKind::Http
                    && key.transport == Transport::Clear
                    && wanted == Agreed::Http1;
                if is_forwarded {
                    forwarding = Some(Arc::new(Forwarding { authorization: proxy.authorization() }));
                    (io, info, lookup)
                } else {
                    let through = tunnel::open(proxy, key, &shared.dialing, io).await.map_err(failed)?;
                    (through, info, lookup)
                }
            }
        };
        let connected_at = metrics.as_ref().map(Metrics::elapsed);
        let connected = match key.transport {
            Transport::Clear => Connected { io, agreed: None, forwarding, info },
            Transport::Tls => shared.tls.secure(key, shared.config.speak, io, info).await?,
        };
        if let (Some(metrics), Some(started), Some(connected_at)) = (metrics, started, connected_at) {
            let mut marks = metrics.marks();
            marks.lookup = lookup;
            marks.connect = Some(connected_at.saturating_sub(started + lookup.unwrap_or_default()));
            marks.tls =
                (key.transport == Transport::Tls).then(|| metrics.elapsed().saturating_sub(connected_at));
        }
        Ok(connected)
    }

    /// A connection on which this is spoken.
    async fn connect_speaking(&self, wanted: Agreed) -> Result<Connected, Error> {
        let connected = self.connect(wanted).await?;
        match connected.agreed {
            Some(agreed) if agreed != wanted => {
                // The host has changed its mind; nothing was sent.
                self.host.agreed(None);
                Err(Error::new(Kind::Closed(Sent::Nothing)))
            }
            _ => Ok(connected),
        }
    }

    /// Notes who has answered, and when.
    fn answered(&self, connection: &ConnInfo) {
        if let Some(metrics) = &self.metrics {
            let head = metrics.elapsed();
            let mut marks = metrics.marks();
            marks.head = Some(head);
            marks.connection = connection.clone();
        }
    }

    async fn over_http1(
        &self,
        request: Request<Body>,
        made: Option<Connected>,
        fresh: bool,
    ) -> Result<Response<Body>, Failed> {
        let timeouts = &self.shared.config.timeouts;
        let lent = match self.host.lend(fresh || made.is_some()) {
            Ok(lent) => lent,
            Err(told) => {
                let told = async { told.await.map_err(|_| Error::new(Kind::Canceled)) };
                self.wait(after(timeouts.pool_wait), told).await?
            }
        };
        let connection = match lent {
            Lent::Connection(connection) => connection,
            Lent::Permit(permit) => {
                let connected = match made {
                    Some(connected) => connected,
                    None => self.connect_speaking(Agreed::Http1).await?,
                };
                Connection::new(connected, Home::Pool(permit), self.shared.config.http1)
            }
        };
        let mut request = request;
        let mut exchange = Exchange::new(connection, &mut request, timeouts);
        let head = poll_fn(|cx| exchange.poll_head(cx)).await?;
        self.answered(exchange.connection().info());
        Ok(exchange.into_response(head, timeouts, self.due))
    }

    async fn over_http2(&self, request: Request<Body>) -> Result<Response<Body>, Error> {
        let Self { shared, host, .. } = self;
        let pool_due = after(shared.config.timeouts.pool_wait);
        let (mut handle, ticket) = loop {
            match host.share() {
                SharedConnection::Connection(handle, ticket) => break (handle, ticket),
                SharedConnection::Permit(permit) => {
                    let connected = self.connect_speaking(Agreed::Http2).await?;
                    let handle = h2::handshake(connected, &shared.config);
                    // Counted in before it is shared, so that this request at least has its place.
                    let ticket = handle.begin();
                    permit.connected(handle.clone(), 1);
                    if let Some(ticket) = ticket {
                        break (handle, ticket);
                    }
                }
                // Whether it was made or not, the pool knows what to do next.
                SharedConnection::Wait(told) => {
                    self.wait(pool_due, async { Ok(told.await.is_ok()) }).await.map(drop)?;
                }
            }
        };
        let info = Arc::clone(handle.info());
        let response = handle.request(ticket, request, pool_due).await?;
        self.answered(&info);
        Ok(response)
    }
}

pub(super) fn after(timeout: Option<Duration>) -> Option<Instant> {
    Instant::now().checked_add(timeout?)
}

/// Bounds a future by a clock.
pub(super) async fn within<T, E: From<Error>>(
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
