//! One exchange: a handler, then the body of its response.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Buf;
use http::header::{CONTENT_LENGTH, DATE, HeaderValue};
use http::{HeaderMap, Method, Response, StatusCode};
use minato_runtime::sync::oneshot;
use minato_service::BoxError;
use pin_project_lite::pin_project;

use crate::buffers;
use crate::error::Error;
use crate::h1::framing::{Verb, is_bodiless};
use crate::h2::{OutboundHead, Pump, RecvHalf, SendHalf};
use crate::reason::Reason;
use crate::server::stats::Responses;
use crate::server::watch::Live;
use crate::upgrade::{HandOver, Open, Tunnel, Upgraded};

pin_project! {
    /// An exchange in progress. It ends when the response is on its way whole, or the stream is gone; with it go
    /// the handler's future and body.
    #[must_use = "futures do nothing unless polled"]
    pub(super) struct Stream<F, B> {
        #[pin]
        phase: Phase<F, B>,
        // Until the body has it, or the tunnel.
        respond: Option<SendHalf>,
        method: Method,
        date: HeaderValue,
        window_timeout: Option<Duration>,
        // What becomes of the stream if the answer makes a tunnel of it.
        tunnel: Option<Box<(RecvHalf, HandOver)>>,
        live: Option<Live>,
        responses: Option<Responses>,
    }
}

pin_project! {
    #[project = PhaseProject]
    enum Phase<F, B> {
        Handling { #[pin] handler: F },
        Responding { #[pin] pump: Pump<B> },
        // Open until the tunnel is dropped: the connection is not idle meanwhile.
        Tunneling { open: oneshot::Receiver<()> },
    }
}

impl<F, B> Stream<F, B> {
    pub(super) fn new(
        handler: F,
        respond: SendHalf,
        method: Method,
        date: HeaderValue,
        window_timeout: Option<Duration>,
        tunnel: Option<Box<(RecvHalf, HandOver)>>,
        live: Option<Live>,
    ) -> Self {
        Self {
            phase: Phase::Handling { handler },
            respond: Some(respond),
            method,
            date,
            window_timeout,
            tunnel,
            live,
            responses: None,
        }
    }

    /// Counts its response there.
    pub(super) fn counting(self, responses: Option<Responses>) -> Self {
        Self { responses, ..self }
    }
}

impl<F, B, E> Stream<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: Into<BoxError>,
    B: http_body::Body,
    B::Data: Buf,
    B::Error: Into<BoxError>,
{
    fn poll_exchange(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let me = self.as_mut().project();
            let result = match me.phase.project() {
                PhaseProject::Responding { pump } => return pump.poll(cx),
                PhaseProject::Tunneling { open } => return Pin::new(open).poll(cx).map(|_| ()),
                PhaseProject::Handling { handler } => match handler.poll(cx) {
                    Poll::Ready(result) => result,
                    Poll::Pending => {
                        let Some(respond) = me.respond else { return Poll::Ready(()) };
                        if let Some(live) = me.live {
                            inform(respond, live.poll_informational(cx));
                        }
                        // A request that nobody waits for any more is given up.
                        return respond.poll_reset(cx).map(|_| ());
                    }
                },
            };
            let Some(phase) = self.as_mut().respond(result) else { return Poll::Ready(()) };
            self.as_mut().project().phase.set(phase);
        }
    }

    /// Sends the head, or leaves it to whoever sends the body; answers what is left to do.
    fn respond(self: Pin<&mut Self>, result: Result<Response<B>, E>) -> Option<Phase<F, B>> {
        let me = self.project();
        let mut respond = me.respond.take()?;
        if let Some(live) = me.live {
            inform(&mut respond, live.take_informational());
        }
        let count = |status| {
            if let Some(responses) = &*me.responses {
                responses.count(status);
            }
        };
        let response = match result {
            Ok(response) if !response.status().is_informational() => response,
            Ok(_) => {
                count(StatusCode::INTERNAL_SERVER_ERROR);
                answer(&mut respond, StatusCode::INTERNAL_SERVER_ERROR);
                return None;
            }
            Err(error) => {
                let error = Error::foreign(error);
                match (error.request_status(), error.h2_reason()) {
                    (None, Some(_)) => respond.reset(error.reset_reason(Reason::INTERNAL_ERROR)),
                    (status, _) => {
                        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                        count(status);
                        answer(&mut respond, status);
                    }
                }
                return None;
            }
        };
        let (mut head, body) = response.into_parts();
        count(head.status);
        if head.headers.capacity() == 0 {
            head.headers = buffers::take_headers();
        }
        if !head.headers.contains_key(DATE) {
            head.headers.insert(DATE, me.date.clone());
        }
        if let Some(tunnel) = me.tunnel.take()
            && head.status.is_success()
        {
            let (recv, hand_over) = *tunnel;
            respond.respond(head.status, &head.headers, false).ok()?;
            let (still_open, open) = oneshot::channel();
            // If nobody waits, the stream is reset.
            let _ = hand_over.send(Upgraded::tunnel(Tunnel::new(
                recv,
                respond,
                Open::Exchange { _dropped: still_open },
            )));
            return Some(Phase::Tunneling { open });
        }
        let is_bodiless = is_bodiless(Verb::of(me.method), head.status);
        match body.size_hint().exact() {
            // RFC 9110 §8.6: it has no length, whatever was asked.
            _ if head.status == StatusCode::NO_CONTENT => drop(head.headers.remove(CONTENT_LENGTH)),
            // A length that the body contradicts would be believed by whoever passes the response on.
            Some(length) if !is_bodiless => {
                drop(head.headers.insert(CONTENT_LENGTH, buffers::length_value(length)));
            }
            Some(length) if *me.method == Method::HEAD && length > 0 => {
                head.headers.entry(CONTENT_LENGTH).or_insert_with(|| buffers::length_value(length));
            }
            _ => {}
        }
        let http::response::Parts { status, headers, .. } = head;
        if is_bodiless || body.is_end_stream() {
            // An error says that the stream is gone, and with it whoever could be told.
            let _ = respond.respond(status, &headers, true);
            buffers::give_headers(headers);
            return None;
        }
        let pump = Pump::new(body, respond).head(OutboundHead { status, headers });
        Some(Phase::Responding { pump: pump.window_timeout(*me.window_timeout) })
    }
}

impl<F, B, E> Future for Stream<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: Into<BoxError>,
    B: http_body::Body,
    B::Data: Buf,
    B::Error: Into<BoxError>,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match catch_unwind(AssertUnwindSafe(|| self.as_mut().poll_exchange(cx))) {
            Ok(polled) => polled,
            Err(_) => {
                // The panic is this stream's affair: the others of the connection know nothing of it.
                let me = self.project();
                match (me.respond, me.phase.project()) {
                    (Some(respond), _) => respond.reset(Reason::INTERNAL_ERROR),
                    (None, PhaseProject::Responding { pump }) => pump.reset(Reason::INTERNAL_ERROR),
                    (None, _) => {}
                }
                Poll::Ready(())
            }
        }
    }
}

/// Sends responses before the final one.
fn inform(respond: &mut SendHalf, responses: VecDeque<Response<()>>) {
    for mut response in responses {
        response.headers_mut().remove(CONTENT_LENGTH);
        // An error says that the stream is gone, and with it whoever could be told.
        let _ = respond.respond(response.status(), response.headers(), false);
    }
}

/// Answers with a status and nothing else.
pub(super) fn answer(respond: &mut SendHalf, status: StatusCode) {
    // An error says that the stream is gone, and with it whoever could be told.
    let _ = respond.respond(status, &HeaderMap::new(), true);
}
