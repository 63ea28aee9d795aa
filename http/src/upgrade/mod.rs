//! Connections that stop speaking HTTP: upgrades (RFC 9110 §7.8), CONNECT (§9.3.6) and extended CONNECT (RFC 8441).
//!
//! The handler of such a request takes an [`OnUpgrade`] out of it with [`on`], gives that to a task of its own, and
//! answers 101, or 2xx to a CONNECT. Once the answer has left, the future yields an [`Upgraded`]: what the peer sends
//! from then on, and a way to send, whatever the connection is made of.
//!
//! ```
//! use http::{Request, Response, StatusCode, header};
//! use minato_http::{Body, upgrade};
//! use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
//!
//! async fn shout(mut request: Request<Body>) -> Response<Body> {
//!     let on_upgrade = upgrade::on(&mut request);
//!     minato_runtime::spawn(async move {
//!         let Ok(mut io) = on_upgrade.await else { return };
//!         let mut buf = [0; 1024];
//!         while let Ok(len @ 1..) = io.read(&mut buf).await {
//!             buf[..len].make_ascii_uppercase();
//!             if io.write_all(&buf[..len]).await.is_err() {
//!                 return;
//!             }
//!         }
//!     });
//!     let mut response = Response::new(Body::empty());
//!     *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
//!     response.headers_mut().insert(header::UPGRADE, header::HeaderValue::from_static("shout"));
//!     response
//! }
//! # let _ = minato_http::handler_fn(shout);
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`OnUpgrade`], and how it is passed along |
//! | `upgraded.rs` | [`Upgraded`], the bytes after HTTP |
//! | `tunnel.rs` | an HTTP/2 stream, read and written as bytes |

mod tunnel;
mod upgraded;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use http::{Extensions, Request, Response};
use minato_runtime::sync::oneshot;

pub(crate) use self::tunnel::{Open, Tunnel};
pub use self::upgraded::{Parts, Upgraded};
use crate::error::{Error, Kind};

/// The connection behind a message, once it has stopped speaking HTTP.
///
/// On a server, it is among the extensions of a request that asks for an upgrade or is a CONNECT; on a client, among those
/// of the response that grants one. It is taken out with [`on`].
///
/// # Errors
///
/// It yields an error when the message did not ask for an upgrade, when the exchange ended in another way, and
/// when the connection was lost before the answer had left.
///
/// # Cancel safety
///
/// Dropping it before the upgrade closes the connection when the upgrade happens.
#[must_use = "futures do nothing unless polled"]
pub struct OnUpgrade {
    receiver: Option<oneshot::Receiver<Upgraded>>,
}

/// The protocol a client asks for with an extended CONNECT, such as `websocket`; among the extensions of the request.
///
/// Servers take such requests where [`Http2Config::extended_connect`](crate::Http2Config) is on. A client sends one when
/// this is among the extensions of a CONNECT request over HTTP/2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectProtocol(Arc<str>);

impl ConnectProtocol {
    /// The protocol of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// Its name, as the client wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Takes the future connection out of a message.
///
/// It is there to be taken once. The future of a message that is no upgrade fails.
pub fn on<M: Message>(message: &mut M) -> OnUpgrade {
    let receiver = message.extensions().remove::<Offer>().and_then(|offer| {
        let mut receiver = offer.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        receiver.take()
    });
    OnUpgrade { receiver }
}

/// Messages that can bring an upgrade: requests to a server, responses to a client.
pub trait Message: sealed::Sealed {
    #[doc(hidden)]
    fn extensions(&mut self) -> &mut Extensions;
}

impl<B> Message for Request<B> {
    fn extensions(&mut self) -> &mut Extensions {
        self.extensions_mut()
    }
}

impl<B> Message for Response<B> {
    fn extensions(&mut self) -> &mut Extensions {
        self.extensions_mut()
    }
}

mod sealed {
    pub trait Sealed {}
    impl<B> Sealed for http::Request<B> {}
    impl<B> Sealed for http::Response<B> {}
}

/// What lies among the extensions, which want to be cloned.
#[derive(Clone)]
struct Offer(Arc<Mutex<Option<oneshot::Receiver<Upgraded>>>>);

/// The side of the connection: hands it over, or drops it to say that there is no upgrade.
pub(crate) type HandOver = oneshot::Sender<Upgraded>;

/// Puts the future connection among the extensions of a message.
pub(crate) fn offer(extensions: &mut Extensions) -> HandOver {
    let (sender, receiver) = oneshot::channel();
    extensions.insert(Offer(Arc::new(Mutex::new(Some(receiver)))));
    sender
}

impl Future for OnUpgrade {
    type Output = Result<Upgraded, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(receiver) = &mut self.receiver else {
            return Poll::Ready(Err(Error::new(Kind::User("this message brings no upgrade"))));
        };
        let upgraded = ready!(Pin::new(receiver).poll(cx));
        self.receiver = None;
        Poll::Ready(upgraded.map_err(|_| Error::new(Kind::Canceled)))
    }
}

impl fmt::Debug for OnUpgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnUpgrade").finish_non_exhaustive()
    }
}
