//! From a head to a handler, from a handler to a response.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use bytes::Buf;
use http::header::{CONNECTION, HeaderMap};
use http::{Extensions, Method, Request, Response, StatusCode, Version};
use minato_runtime::io::{AsyncRead, AsyncWrite};
use minato_service::BoxError;
use tower_service::Service;

use super::inbound::{Fed, Inbound};
use super::waits::Wait;
use super::{Connection, Flow, Phase, Stepped};
use crate::body::Body;
use crate::buffers;
use crate::clock::Instant;
use crate::error::Error;
use crate::h1::encode::{self, Asked, NameCase, Persistence, ResponseFraming};
use crate::h1::request::RequestHead;
use crate::h1::spelling::{HeaderCase, ReasonPhrase};
use crate::h1::usual::{Lines, Usual};
use crate::h1::{Framing, HeadSpan, has_option, request};
use crate::limits::{LINGER_BYTES, OUTPUT_BYTES, REQUESTS_PER_TURN};
use crate::outbound::Outbound;
use crate::output::Output;
use crate::server::config::ConnectionInfo;
use crate::server::shutdown::Stage;
use crate::server::watch::{Live, Order, Watch};
use crate::upgrade::{self, HandOver};

/// What is known of a request while it is being answered.
pub(super) struct Exchange {
    asked: Asked,
    /// Whether both sides want another exchange on this connection, as far as is known.
    is_persistent: bool,
    inbound: Inbound,
    /// Set when the request body broke off; what the peer is told if the handler has nothing to say about it.
    refusal: Option<StatusCode>,
    /// Where the connection goes if the answer ends HTTP on it.
    hand_over: Option<HandOver>,
    live: Option<Live>,
}

impl Asked {
    /// RFC 9110 §15.2: a server does not send a 1xx response to a 1.0 client.
    fn inform(&self, output: &mut Output, responses: VecDeque<Response<()>>, case: NameCase) {
        if self.version >= Version::HTTP_11 {
            for response in responses {
                encode::bodiless_head(output.tail(), response.status(), response.headers(), case);
            }
        }
    }
}

impl Exchange {
    /// Ends the request body with an error.
    pub(super) fn fail(&mut self, error: Error, cx: &Context<'_>) {
        if let Fed::Failed(error) = self.inbound.fail(error, cx) {
            self.broken(&error);
        }
    }

    /// See [`Inbound::wait`].
    pub(super) fn wait(&mut self, wait: Wait, now: Instant) -> Option<Instant> {
        self.inbound.wait(wait == Wait::Body, now)
    }

    fn broken(&mut self, error: &Error) {
        self.is_persistent = false;
        self.refusal = Some(error.request_status().unwrap_or(StatusCode::BAD_REQUEST));
    }
}

impl<Io, S, B> Connection<Io, S, B>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: http_body::Body + 'static,
    B::Data: Buf,
    B::Error: Into<BoxError>,
{
    /// Hands the head at the beginning of the input to the service, unless it has to be looked at more closely.
    pub(super) fn begin_usual(
        &mut self,
        head: Usual,
        lines: &Lines,
        cx: &mut Context<'_>,
    ) -> Result<Option<Flow>, Error> {
        if self.answered_this_turn == REQUESTS_PER_TURN {
            return Ok(Some(Flow::Wait(Wait::Turn)));
        }
        if let Some(flow) = self.poll_service(cx) {
            return Ok(Some(flow));
        }
        let len = head.len();
        let bytes = buffers::copy_head(&self.input.bytes()[..len]);
        let Some(head) = head.into_head(&bytes, lines, buffers::take_headers()) else { return Ok(None) };
        self.input.consume(len);
        self.accept(head, None).map(Some)
    }

    /// Hands the head in the input to the service, once that is ready for it.
    pub(super) fn begin(&mut self, span: HeadSpan, cx: &mut Context<'_>) -> Stepped {
        if let Some(flow) = self.poll_service(cx) {
            return Ok(flow);
        }
        self.input.consume(span.skip);
        let bytes = self.input.take_head(span.len);
        let case = self.config.http1.preserve_case.then(|| HeaderCase::of_head(&bytes));
        let (headers, limit) = (buffers::take_headers(), self.config.limits.uri_bytes);
        match request::parse(bytes, span.fields, headers, limit, &self.config.http1.lenient) {
            Ok(head) => self.accept(head, case),
            Err(fault) => {
                self.refuse(fault.status());
                Ok(Flow::Again)
            }
        }
    }

    /// What to do instead of calling the service, while it is not ready.
    fn poll_service(&mut self, cx: &mut Context<'_>) -> Option<Flow> {
        match self.service.poll_ready(cx) {
            Poll::Pending => Some(Flow::Wait(Wait::Handler)),
            Poll::Ready(Ok(())) => {
                self.waits.over();
                None
            }
            Poll::Ready(Err(error)) => {
                self.refuse(status_of(error));
                Some(Flow::Again)
            }
        }
    }

    /// Calls the service.
    fn accept(&mut self, head: RequestHead, case: Option<HeaderCase>) -> Stepped {
        let limit = self.config.limits.body_bytes;
        if let (Framing::Length(length), Some(limit)) = (head.framing, limit)
            && length > limit
        {
            self.refuse(StatusCode::PAYLOAD_TOO_LARGE);
            return Ok(Flow::Again);
        }
        let (inbound, body) = Inbound::new(head.framing, head.expects_continue, &self.config);
        let mut request = Request::new(body);
        let asked = Asked {
            method: head.method.clone(),
            version: head.version,
            accepts_trailers: head.accepts_trailers,
        };
        *request.method_mut() = head.method;
        *request.uri_mut() = head.uri;
        *request.version_mut() = head.version;
        *request.headers_mut() = head.headers;
        if let Some(case) = case {
            request.extensions_mut().insert(case);
        }
        self.requests += 1;
        let mut live = None;
        if self.config.connection_info == ConnectionInfo::Insert {
            let watch = self.watch.get_or_insert_with(|| Arc::new(Watch::new(Order::Sequential)));
            live = Some(Live::begin(watch, self.requests));
            request.extensions_mut().insert(self.info.of_exchange(watch, self.requests));
        }
        let may_switch = head.wants_upgrade || asked.method == Method::CONNECT;
        let hand_over = (may_switch && inbound.is_done()).then(|| upgrade::offer(request.extensions_mut()));
        let is_persistent = head.is_persistent && self.config.http1.keep_alive;
        self.phase =
            Phase::Handling(Exchange { asked, is_persistent, inbound, refusal: None, hand_over, live });
        match catch_unwind(AssertUnwindSafe(|| self.service.call(request))) {
            Ok(future) => self.handler.set(future),
            Err(_) => self.panicked(),
        }
        Ok(Flow::Again)
    }

    pub(super) fn step_handler(&mut self, cx: &mut Context<'_>) -> Stepped {
        let Phase::Handling(exchange) = &mut self.phase else { return Ok(Flow::Again) };
        let Some(handler) = self.handler.get() else { return Ok(Flow::Again) };
        match catch_unwind(AssertUnwindSafe(|| handler.poll(cx))) {
            Ok(Poll::Ready(Ok(response))) => {
                self.handler.clear();
                self.respond(response, cx);
                return Ok(Flow::Again);
            }
            Ok(Poll::Ready(Err(error))) => {
                let status = status_of(error);
                self.handler.clear();
                self.respond_empty(status);
                return Ok(Flow::Again);
            }
            Err(_) => {
                self.panicked();
                return Ok(Flow::Again);
            }
            Ok(Poll::Pending) => {
                if let Some(live) = &exchange.live {
                    let case = self.config.http1.name_case;
                    exchange.asked.inform(&mut self.output, live.poll_informational(cx), case);
                }
            }
        }
        if let Some(status) = exchange.refusal {
            // The handler has been told and has no answer ready: the peer gets ours.
            self.refuse(status);
            return Ok(Flow::Again);
        }
        match exchange.inbound.feed(&mut self.input, &mut self.output, &mut self.io, cx) {
            Fed::Progress => {
                self.waits.over();
                Ok(Flow::Again)
            }
            Fed::Waiting => Ok(Flow::Wait(Wait::Body)),
            Fed::Idle => Ok(self.watch(cx)),
            Fed::Failed(error) => {
                exchange.broken(&error);
                if error.is_closed() {
                    self.phase = Phase::Closed;
                }
                Ok(Flow::Again)
            }
        }
    }

    /// Notices a peer that goes away while its handler works, or its response waits for more to send.
    fn watch(&mut self, cx: &mut Context<'_>) -> Flow {
        let (Phase::Handling(exchange) | Phase::Responding(exchange, _)) = &mut self.phase else {
            return Flow::Again;
        };
        // What a pipelining peer sends is read once and then left in the socket.
        if !exchange.inbound.is_done() || !self.input.is_empty() || self.is_half_closed {
            return Flow::Wait(Wait::Handler);
        }
        match self.input.poll_fill(&mut self.io, cx, None) {
            Poll::Pending | Poll::Ready(Ok(1..)) => Flow::Wait(Wait::Handler),
            Poll::Ready(Ok(0)) if self.config.http1.half_close => {
                self.is_half_closed = true;
                exchange.is_persistent = false;
                Flow::Wait(Wait::Handler)
            }
            Poll::Ready(Ok(0) | Err(_)) => {
                self.handler.clear();
                self.body.clear();
                self.phase = Phase::Closed;
                Flow::Again
            }
        }
    }

    fn respond(&mut self, response: Response<B>, cx: &Context<'_>) {
        if let Phase::Handling(exchange) = &mut self.phase {
            exchange.inbound.settle_expectation(&self.input, &mut self.output, cx);
            if let Some(live) = &exchange.live {
                let case = self.config.http1.name_case;
                exchange.asked.inform(&mut self.output, live.take_informational(), case);
            }
        }
        let (head, mut body) = response.into_parts();
        if let Some(hand_over) = self.take_hand_over(head.status) {
            let case = self.config.http1.name_case;
            encode::bodiless_head(self.output.tail(), head.status, &head.headers, case);
            self.phase = Phase::Switching(hand_over);
            return;
        }
        if head.status.is_informational() {
            // A final response is owed; 101 would need an upgrade that was never offered.
            return self.respond_empty(StatusCode::INTERNAL_SERVER_ERROR);
        }
        let exact = body.size_hint().exact();
        let known = (&mut body as &mut dyn Any).downcast_mut::<Body>();
        let has_trailers = known.as_ref().is_some_and(|body| body.has_known_trailers());
        let full = known.and_then(Body::take_full);
        let start = self.output.tail().len();
        let Some((framing, sends_trailers)) =
            self.write_head(head.status, &head.headers, exact, has_trailers)
        else {
            return;
        };
        if !head.extensions.is_empty() {
            spell(&head.extensions, self.output.tail(), start);
        }
        buffers::give_headers(head.headers);
        let Phase::Handling(exchange) = std::mem::replace(&mut self.phase, Phase::Closed) else { return };
        match framing.body {
            None | Some(Framing::Length(0)) => self.finish(exchange),
            Some(framing) => {
                let mut outbound = Outbound::new(framing, sends_trailers);
                let Some(data) = full else {
                    self.body.set(body);
                    self.phase = Phase::Responding(exchange, outbound);
                    return;
                };
                // What is here as a whole joins its head at once.
                let framed = outbound.data(&mut self.output, data);
                if framed.and_then(|()| outbound.end(&mut self.output, None)).is_ok() {
                    self.finish(exchange);
                }
            }
        }
    }

    /// Where the connection goes, if an answer with this status ends HTTP on it.
    fn take_hand_over(&mut self, status: StatusCode) -> Option<HandOver> {
        let Phase::Handling(exchange) = &mut self.phase else { return None };
        let is_switch = match exchange.asked.method {
            // RFC 9110 §9.3.6: any 2xx to a CONNECT begins the tunnel.
            Method::CONNECT => status.is_success(),
            _ => status == StatusCode::SWITCHING_PROTOCOLS,
        };
        exchange.hand_over.take_if(|_| is_switch)
    }

    fn respond_empty(&mut self, status: StatusCode) {
        let _ = self.write_head(status, &HeaderMap::new(), Some(0), false);
        if let Phase::Handling(exchange) = std::mem::replace(&mut self.phase, Phase::Closed) {
            self.finish(exchange);
        }
    }

    /// The handler is lost, and with it any trust in what it left behind.
    fn panicked(&mut self) {
        self.handler.clear();
        if let Phase::Handling(exchange) = &mut self.phase {
            exchange.is_persistent = false;
        }
        self.respond_empty(StatusCode::INTERNAL_SERVER_ERROR);
    }

    /// Writes the head of the response to the request at hand, and settles whether the connection lives on.
    fn write_head(
        &mut self,
        status: StatusCode,
        headers: &HeaderMap,
        exact: Option<u64>,
        has_trailers: bool,
    ) -> Option<(ResponseFraming, bool)> {
        let is_spent = self.is_spent();
        let Phase::Handling(exchange) = &mut self.phase else { return None };
        let asked = &exchange.asked;
        let framing = encode::response_framing(asked, status, headers, exact, has_trailers);
        exchange.is_persistent &= self.guest.stage() == Stage::Serving
            && framing.body != Some(Framing::UntilClose)
            && exchange.inbound.is_reusable()
            && asked.method != Method::CONNECT
            && !has_close(headers)
            && !is_spent;
        let persistence = match exchange.is_persistent {
            false => Persistence::Close,
            true if asked.version < Version::HTTP_11 => Persistence::Announced,
            true => Persistence::Implied,
        };
        let sends_trailers = asked.accepts_trailers;
        self.refresh_date();
        let date = self.config.http1.date.then_some(&self.date);
        let case = self.config.http1.name_case;
        encode::response_head(self.output.tail(), status, headers, framing, persistence, date, case);
        Some((framing, sends_trailers))
    }

    /// Whether the connection has served what it may.
    fn is_spent(&self) -> bool {
        let limits = &self.config.limits;
        limits.requests_per_connection.is_some_and(|most| self.requests >= most)
            || self.expires.is_some_and(|expires| Instant::now() >= expires)
    }

    /// Writes the answer to a request that has no exchange.
    pub(super) fn write_refusal(&mut self, status: StatusCode) {
        let framing = ResponseFraming { body: None, announced: Some(0) };
        self.refresh_date();
        let date = self.config.http1.date.then_some(&self.date);
        let case = self.config.http1.name_case;
        let (out, none) = (self.output.tail(), HeaderMap::new());
        encode::response_head(out, status, &none, framing, Persistence::Close, date, case);
    }

    /// The clock is read once in a turn, however many responses it makes.
    fn refresh_date(&mut self) {
        if self.config.http1.date && !std::mem::replace(&mut self.is_date_fresh, true) {
            self.date.update(SystemTime::now());
        }
    }

    pub(super) fn step_response(&mut self, cx: &mut Context<'_>) -> Stepped {
        if self.output.len() > OUTPUT_BYTES && self.poll_flush(cx)?.is_pending() {
            return Ok(Flow::Wait(Wait::Room));
        }
        let Phase::Responding(exchange, outbound) = &mut self.phase else { return Ok(Flow::Again) };
        let Some(body) = self.body.get() else { return Ok(Flow::Again) };
        let polled = catch_unwind(AssertUnwindSafe(|| body.poll_frame(cx)));
        let framed = match polled {
            Ok(Poll::Ready(Some(Ok(frame)))) => match frame.into_data() {
                Ok(data) => outbound.data(&mut self.output, data).map(|()| outbound.is_complete()),
                Err(frame) => outbound.end(&mut self.output, frame.trailers_ref()).map(|()| true),
            },
            Ok(Poll::Ready(None)) => outbound.end(&mut self.output, None).map(|()| true),
            Ok(Poll::Pending) => {
                return Ok(
                    match exchange.inbound.feed(&mut self.input, &mut self.output, &mut self.io, cx) {
                        Fed::Progress => {
                            self.waits.over();
                            Flow::Again
                        }
                        Fed::Waiting => Flow::Wait(Wait::Body),
                        Fed::Idle => self.watch(cx),
                        Fed::Failed(error) => {
                            exchange.broken(&error);
                            Flow::Again
                        }
                    },
                );
            }
            // RFC 9112 §8: what ends without its last chunk, or short of its length, is seen to be incomplete.
            Ok(Poll::Ready(Some(Err(_)))) | Err(_) => return self.abort(cx),
        };
        match framed {
            Ok(false) => {}
            Ok(true) => {
                self.body.clear();
                if let Phase::Responding(exchange, _) = std::mem::replace(&mut self.phase, Phase::Closed) {
                    self.finish(exchange);
                }
            }
            Err(_) => return self.abort(cx),
        }
        Ok(Flow::Again)
    }

    /// Ends the connection in the middle of a response, after what can be written of it.
    fn abort(&mut self, cx: &mut Context<'_>) -> Stepped {
        self.body.clear();
        let _ = self.poll_flush(cx)?;
        self.phase = Phase::Closed;
        Ok(Flow::Again)
    }

    /// The response is whole in the output.
    fn finish(&mut self, exchange: Exchange) {
        let is_reusable = exchange.is_persistent && exchange.inbound.is_reusable();
        let is_done = exchange.inbound.is_done();
        match exchange.inbound.into_decoder() {
            None if is_reusable && is_done => self.next_request(),
            Some(decoder) if is_reusable => {
                self.waits.over();
                self.phase = Phase::Discarding(decoder, LINGER_BYTES);
            }
            // A peer that has sent all it will, and nothing more, has nothing that a reset could destroy.
            None if is_done && self.input.is_empty() => self.close(0),
            _ => self.close(LINGER_BYTES),
        }
    }
}

/// Spells the head that begins at `start` as its response asks for.
fn spell(extensions: &Extensions, out: &mut Vec<u8>, start: usize) {
    if let Some(case) = extensions.get::<HeaderCase>() {
        case.apply(&mut out[start..]);
    }
    if let Some(reason) = extensions.get::<ReasonPhrase>() {
        reason.apply(out, start);
    }
}

fn has_close(headers: &HeaderMap) -> bool {
    // Walked rather than looked up: a response has few fields, and nearly never this one.
    headers.iter().any(|(name, value)| *name == CONNECTION && has_option(value.as_bytes(), "close"))
}

fn status_of(error: impl Into<BoxError>) -> StatusCode {
    Error::foreign(error).request_status().unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
