//! What a handler can know about the connection of its request.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderMap, Response, StatusCode};

use crate::error::{Error, Kind};
use crate::server::proxy_protocol::Spoken;
#[cfg(feature = "tls")]
use crate::server::secure::TlsInfo;
use crate::server::watch::{Exchange, Refused, Watch};

/// The connection a request came on; among the extensions of every request.
///
/// ```
/// use minato_http::{Body, ConnInfo, Protocol};
///
/// fn who(request: &http::Request<Body>) -> String {
///     match request.extensions().get::<ConnInfo>() {
///         Some(ConnInfo { peer: Some(peer), protocol: Protocol::Http2, .. }) => format!("{peer}, over HTTP/2"),
///         Some(ConnInfo { peer: Some(peer), .. }) => peer.to_string(),
///         _ => "somebody".to_owned(),
///     }
/// }
/// # assert_eq!(who(&http::Request::new(Body::empty())), "somebody");
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ConnInfo {
    /// The address of the peer; none on Unix sockets and pipes.
    pub peer: Option<SocketAddr>,
    /// The address of this side; none on Unix sockets and pipes.
    pub local: Option<SocketAddr>,
    /// What is spoken on the connection.
    pub protocol: Protocol,
    /// The address of the proxy, where that has told the other two by the PROXY protocol.
    pub proxy: Option<SocketAddr>,
    #[cfg(feature = "tls")]
    pub(crate) secured: Option<Arc<TlsInfo>>,
    watched: Option<Watched>,
}

/// What is spoken on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP/1.0 or HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2.
    Http2,
}

impl ConnInfo {
    /// A connection between these addresses.
    #[must_use]
    pub fn new(peer: Option<SocketAddr>, local: Option<SocketAddr>) -> Self {
        Self { peer, local, ..Self::default() }
    }

    /// The same, with the addresses that a proxy has told.
    pub(crate) fn spoken_for(&self, spoken: Spoken) -> Self {
        match spoken {
            Spoken::Itself => self.clone(),
            Spoken::For(peer, local) => {
                Self { peer: Some(peer), local: Some(local), proxy: self.peer, ..self.clone() }
            }
        }
    }

    pub(crate) fn speaking(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }

    /// The same, as the request of this exchange gets it.
    pub(crate) fn of_exchange(&self, watch: &Arc<Watch>, exchange: Exchange) -> Self {
        Self { watched: Some(Watched { watch: Arc::clone(watch), exchange }), ..self.clone() }
    }

    /// A future that completes once nobody waits for the response any more: it has been sent whole, the client has
    /// reset the stream or closed the connection, or the server has given it up.
    ///
    /// A handler that is merely to stop needs no such thing, since it is dropped then. This is for work that has a task
    /// of its own.
    ///
    /// ```
    /// use http::Request;
    /// use minato_http::{Body, ConnInfo};
    ///
    /// async fn start_report(request: Request<Body>) -> &'static str {
    ///     if let Some(info) = request.extensions().get::<ConnInfo>() {
    ///         let ended = info.ended();
    ///         minato_runtime::spawn(async move {
    ///             minato_runtime::select! {
    ///                 () = ended => { /* nobody wants the report any more */ }
    ///                 () = std::future::pending() => { /* the report */ }
    ///             }
    ///         });
    ///     }
    ///     "started"
    /// }
    /// # let _ = minato_http::handler_fn(start_report);
    /// ```
    pub fn ended(&self) -> Ended {
        Ended { watched: self.watched.clone() }
    }

    /// A way to send responses before the final one (RFC 9110 §15.2), such as 103 Early Hints (RFC 8297).
    pub fn informational(&self) -> Informational {
        Informational { watched: self.watched.clone() }
    }
}

/// Two are equal when they tell the same of the connection, whatever the exchange.
impl PartialEq for ConnInfo {
    fn eq(&self, other: &Self) -> bool {
        let told = |info: &Self| (info.peer, info.local, info.protocol, info.proxy);
        told(self) == told(other)
    }
}

impl Eq for ConnInfo {}

#[derive(Clone)]
struct Watched {
    watch: Arc<Watch>,
    exchange: Exchange,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Exchange").field(&self.exchange).finish()
    }
}

/// The future of [`ConnInfo::ended`].
///
/// # Cancel safety
///
/// Nothing is lost when it is dropped.
#[derive(Debug, Clone)]
#[must_use = "futures do nothing unless polled"]
pub struct Ended {
    watched: Option<Watched>,
}

impl Future for Ended {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &self.watched {
            Some(Watched { watch, exchange }) => watch.poll_end(*exchange, cx),
            None => Poll::Ready(()),
        }
    }
}

/// Sends responses before the final one.
///
/// ```
/// use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
/// use minato_http::{Body, ConnInfo};
///
/// async fn page(request: Request<Body>) -> &'static str {
///     if let Some(info) = request.extensions().get::<ConnInfo>() {
///         let mut hints = HeaderMap::new();
///         hints.insert(header::LINK, HeaderValue::from_static("</style.css>; rel=preload; as=style"));
///         // That a client cannot be told early is no reason not to answer it.
///         let _ = info.informational().send(StatusCode::EARLY_HINTS, hints);
///     }
///     "the page, after some work"
/// }
/// # let _ = minato_http::handler_fn(page);
/// ```
#[derive(Debug, Clone)]
pub struct Informational {
    watched: Option<Watched>,
}

impl Informational {
    /// Sends an informational response, as soon as the connection can take it. To an HTTP/1.0 client nothing is sent.
    ///
    /// # Errors
    ///
    /// When the status is not informational or is 101, when the final response has begun or the exchange is over, and
    /// when too many wait to be sent.
    pub fn send(&self, status: StatusCode, headers: HeaderMap) -> Result<(), Error> {
        if !status.is_informational() || status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Error::new(Kind::User("an informational response has a 1xx status other than 101")));
        }
        let Some(Watched { watch, exchange }) = &self.watched else {
            return Err(Error::new(Kind::Canceled));
        };
        let mut response = Response::new(());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        watch.inform(*exchange, response).map_err(|refused| match refused {
            Refused::Over => Error::new(Kind::Canceled),
            Refused::Full => Error::new(Kind::User("too many informational responses wait to be sent")),
        })
    }
}
