//! The short way of a request: over an HTTP/1 connection that is kept, with no other clock than those of the connection.
//!
//! Nearly all requests of a busy client go it. It is a state of its own, and not a part of the long way, because that
//! carries room for everything that could happen, and moves requests through all of it.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response, Version};
use minato_service::Deadline;

use super::Shared;
use super::config::Speak;
use super::connect::Agreed;
use super::h1::Exchange;
use super::key::{Key, Transport};
use crate::body::Body;
use crate::error::Error;

/// A request on the short way.
pub(super) struct Short {
    pub(super) shared: Arc<Shared>,
    /// The request, for another try; its body is with the exchange.
    request: Request<Body>,
    /// The body once more, where it is known beforehand.
    again: Option<Body>,
    /// `None` once the response is there.
    exchange: Option<Exchange>,
}

/// What became of it.
#[allow(clippy::large_enum_variant, reason = "it is looked at where it is made, and never kept")]
pub(super) enum End {
    Failed(Error),
    /// It is to be sent again, over a new connection.
    Again(Request<Body>),
}

impl Short {
    /// Begins on the short way, or gives the request back that must go the long one.
    #[allow(clippy::result_large_err, reason = "a request that goes the long way is boxed right behind this")]
    pub(super) fn begin(
        shared: Arc<Shared>,
        mut request: Request<Body>,
    ) -> Result<Box<Self>, (Arc<Shared>, Request<Body>)> {
        let config = &shared.config;
        let is_plain = request.version() != Version::HTTP_2
            && config.timeouts.total.is_none()
            && !config.metrics
            && request.extensions().get::<Deadline>().is_none()
            && Deadline::current().is_none();
        let connection = match Key::of(request.uri()) {
            Ok(key) if is_plain => {
                let host = shared.pool.host(&key);
                let speaks = match (config.speak, key.transport) {
                    (Speak::Http2PriorKnowledge, _) => None,
                    (Speak::Http1, _) | (Speak::Negotiated, Transport::Clear) => Some(Agreed::Http1),
                    (Speak::Negotiated, Transport::Tls) => host.has_agreed(),
                };
                if speaks == Some(Agreed::Http1) { host.lend_kept() } else { None }
            }
            _ => None,
        };
        let Some(connection) = connection else { return Err((shared, request)) };
        let again = request.body().try_clone();
        let exchange = Some(Exchange::new(connection, &mut request, &shared.config.timeouts));
        Ok(Box::new(Self { shared, request, again, exchange }))
    }

    /// Waits for the response.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response<Body>, End>> {
        let Some(exchange) = &mut self.exchange else { return Poll::Pending };
        let head = ready!(exchange.poll_head(cx));
        let exchange = self.exchange.take();
        match (head, exchange) {
            (Ok(head), Some(exchange)) => {
                Poll::Ready(Ok(exchange.into_response(head, &self.shared.config.timeouts, None)))
            }
            (Err(failed), _) => {
                let may = failed.may_repeat(self.request.method());
                Poll::Ready(Err(match self.again.take() {
                    Some(body) if may => {
                        let mut request = std::mem::take(&mut self.request);
                        *request.body_mut() = body;
                        End::Again(request)
                    }
                    _ => End::Failed(failed.error),
                }))
            }
            (Ok(_), None) => Poll::Pending,
        }
    }
}
