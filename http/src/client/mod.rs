//! The client: a pool of connections, and exchanges over them.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`Client`] and its methods |
//! | `builder.rs` | [`ClientBuilder`] |
//! | `config.rs` | every knob, once |
//! | `conn/` | single connections, for whoever wants to look after them |
//! | `connect.rs` | how connections are made |
//! | `cookies/` | cookies kept and sent back |
//! | `form.rs` | queries and forms |
//! | `informational.rs` | what is said before the final response |
//! | `key.rs` | where a connection goes |
//! | `layered.rs` | what a request passes before it reaches the pool |
//! | `metrics.rs` | what an exchange took |
//! | `multipart/` | forms with files |
//! | `net.rs` | TCP connections and Unix sockets |
//! | `pin.rs` | keys of servers, pinned |
//! | `secure.rs`, `plain.rs` | TLS connections, and what stands there without |
//! | `pool.rs` | the connections, by host |
//! | `proxy.rs`, `tunnel.rs` | which proxy a connection goes through, and what is said to it |
//! | `redirect/` | redirects followed |
//! | `request.rs` | a request that is being put together |
//! | `response.rs` | short ways to what a response holds |
//! | `send.rs` | the way of a request: timeouts, a connection, retries |
//! | `short.rs` | the way of most requests: over a connection that is kept |
//! | `status.rs` | how the connections stand |
//! | `timed.rs` | a response body that must end in time |
//! | `h1/` | exchanges over HTTP/1 |
//! | `h2.rs` | connections of HTTP/2 |

mod builder;
pub(crate) mod config;
pub mod conn;
mod connect;
pub(crate) mod cookies;
#[cfg(feature = "form")]
mod form;
mod h1;
mod h2;
pub(crate) mod informational;
mod key;
pub(crate) mod layered;
pub(crate) mod metrics;
pub(crate) mod multipart;
mod net;
#[cfg(feature = "tls")]
pub(crate) mod pin;
mod pool;
pub(crate) mod proxy;
pub(crate) mod redirect;
pub(crate) mod request;
pub(crate) mod response;
#[cfg(feature = "tls")]
mod secure;
#[cfg(not(feature = "tls"))]
#[path = "plain.rs"]
mod secure;
mod send;
mod short;
pub(crate) mod status;
mod timed;
mod tunnel;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::Entry;
use http::{HeaderMap, Method, Request, Response, Uri};
use minato_service::Deadline;
use minato_service::boxed::BoxFuture;
use tower_service::Service;

pub use self::builder::ClientBuilder;
use self::config::ClientConfig;
use self::connect::Connector;
use self::layered::Layered;
use self::net::Dialing;
use self::pool::Pool;
use self::proxy::Proxies;
use self::request::RequestBuilder;
use self::secure::Tls;
use self::short::{End, Short};
use crate::body::Body;
use crate::error::Error;

/// Sends requests over connections that it keeps and shares.
///
/// A clone is another handle to the same connections, and costs next to nothing. It is also a
/// [`tower_service::Service`], for use under middleware.
///
/// ```
/// # async fn example() -> Result<(), minato_http::Error> {
/// use minato_http::{Body, Client};
///
/// let client = Client::new();
/// let response = client.get("http://127.0.0.1:3000/").await?;
/// println!("{}", response.into_body().text().await?);
///
/// let upload = client.put("http://127.0.0.1:3000/a").body("some text");
/// assert!(upload.await?.status().is_success());
///
/// // The same, of a request that is there already.
/// let upload = http::Request::put("http://127.0.0.1:3000/a").body(Body::from("some text")).unwrap();
/// assert!(client.request(upload).await?.status().is_success());
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
///
/// Dropping the future of a request, or the body of a response before its end, gives the exchange up: over HTTP/1 the
/// connection is closed, over HTTP/2 the stream is reset with CANCEL. An upload that was dropped or has failed
/// never looks to the server as if it had ended.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    /// What requests pass first, if anything.
    layered: Option<Layered>,
}

struct Shared {
    config: ClientConfig,
    connector: Connector,
    /// How names are looked up for proxies that cannot.
    dialing: Dialing,
    tls: Tls,
    proxies: Proxies,
    /// What requests have that say nothing else.
    default_headers: HeaderMap,
    pool: Arc<Pool>,
}

impl Client {
    /// Sends a request.
    ///
    /// The request's URI says where to: scheme `http` or, with the feature `tls`, `https`, host and perhaps port. A request whose version is HTTP/2 is sent
    /// over HTTP/2 with prior knowledge, whatever the client speaks otherwise.
    ///
    /// A request that has surely not been processed is sent again, up to twice, if its body is known beforehand; as is
    /// an idempotent one for which a kept connection turned out to be dead.
    ///
    /// # Errors
    ///
    /// When the URI cannot be used, no connection could be made, a clock ran out, the connection ended, or the server
    /// broke the rules.
    pub fn request(&self, mut request: Request<Body>) -> ResponseFuture {
        self.shared.add_defaults(request.headers_mut());
        match &self.layered {
            None => ResponseFuture::direct(Arc::clone(&self.shared), request),
            Some(service) => {
                if let Some(total) = self.shared.config.timeouts.total {
                    // One time for all that the layers make of it.
                    let own = request.extensions().get::<Deadline>().copied();
                    let due = Deadline::after(total);
                    request.extensions_mut().insert(own.map_or(due, |own| own.min(due)));
                }
                ResponseFuture::boxed(service.clone().call(request))
            }
        }
    }

    /// A GET request, sent when it is awaited.
    pub fn get<U>(&self, uri: U) -> RequestBuilder
    where
        U: TryInto<Uri>,
        U::Error: Into<http::Error>,
    {
        self.request_to(Method::GET, uri)
    }

    /// A HEAD request, sent when it is awaited.
    pub fn head<U>(&self, uri: U) -> RequestBuilder
    where
        U: TryInto<Uri>,
        U::Error: Into<http::Error>,
    {
        self.request_to(Method::HEAD, uri)
    }

    /// A POST request, sent when it is awaited.
    pub fn post<U>(&self, uri: U) -> RequestBuilder
    where
        U: TryInto<Uri>,
        U::Error: Into<http::Error>,
    {
        self.request_to(Method::POST, uri)
    }

    /// A PUT request, sent when it is awaited.
    pub fn put<U>(&self, uri: U) -> RequestBuilder
    where
        U: TryInto<Uri>,
        U::Error: Into<http::Error>,
    {
        self.request_to(Method::PUT, uri)
    }

    /// A PATCH request, sent when it is awaited.
    pub fn patch<U>(&self, uri: U) -> RequestBuilder
    where
        U: TryInto<Uri>,
        U::Error: Into<http::Error>,
    {
        self.request_to(Method::PATCH, uri)
    }

    /// A DELETE request, sent when it is awaited.
    pub fn delete<U>(&self, uri: U) -> RequestBuilder
    where
        U: TryInto<Uri>,
        U::Error: Into<http::Error>,
    {
        self.request_to(Method::DELETE, uri)
    }

    /// A request with any method, sent when it is awaited.
    pub fn request_to<U>(&self, method: Method, uri: U) -> RequestBuilder
    where
        U: TryInto<Uri>,
        U::Error: Into<http::Error>,
    {
        RequestBuilder::new(self.clone(), method, uri)
    }
}

impl Shared {
    /// Adds the fields that are the same for all requests.
    fn add_defaults(&self, headers: &mut HeaderMap) {
        for name in self.default_headers.keys() {
            if let Entry::Vacant(place) = headers.entry(name) {
                let mut values = self.default_headers.get_all(name).iter().cloned();
                if let Some(first) = values.next() {
                    let mut place = place.insert_entry(first);
                    values.for_each(|value| place.append(value));
                }
            }
        }
    }
}

impl Service<Request<Body>> for Client {
    type Response = Response<Body>;
    type Error = Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> ResponseFuture {
        self.request(request)
    }
}

/// The response to come; made by [`Client::request`].
#[must_use = "a request is not sent unless its future is polled"]
pub struct ResponseFuture {
    state: State,
}

#[allow(
    clippy::large_enum_variant,
    reason = "a request is here only until it is polled; a box would cost an allocation"
)]
enum State {
    Begin(Arc<Shared>, Request<Body>),
    Short(Box<Short>),
    Long(BoxFuture<Result<Response<Body>, Error>>),
    Over,
}

impl ResponseFuture {
    fn direct(shared: Arc<Shared>, request: Request<Body>) -> Self {
        Self { state: State::Begin(shared, request) }
    }

    fn boxed(future: BoxFuture<Result<Response<Body>, Error>>) -> Self {
        Self { state: State::Long(future) }
    }

    fn failed(error: Error) -> Self {
        Self::boxed(Box::pin(std::future::ready(Err(error))))
    }
}

impl State {
    fn long(shared: Arc<Shared>, request: Request<Body>, tries: usize) -> Self {
        Self::Long(Box::pin(async move { send::send(&shared, request, tries).await }))
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<Body>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            self.state = match &mut self.state {
                State::Begin(..) => match std::mem::replace(&mut self.state, State::Over) {
                    State::Begin(shared, request) => match Short::begin(shared, request) {
                        Ok(short) => State::Short(short),
                        Err((shared, request)) => State::long(shared, request, 0),
                    },
                    other => other,
                },
                State::Short(short) => match std::task::ready!(short.poll(cx)) {
                    Ok(response) => {
                        self.state = State::Over;
                        return Poll::Ready(Ok(response));
                    }
                    Err(End::Failed(error)) => {
                        self.state = State::Over;
                        return Poll::Ready(Err(error));
                    }
                    Err(End::Again(request)) => State::long(Arc::clone(&short.shared), request, 1),
                },
                State::Long(future) => return future.as_mut().poll(cx),
                State::Over => return Poll::Pending,
            };
        }
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("config", &self.shared.config)
            .field("pool", &self.shared.pool)
            .finish()
    }
}
