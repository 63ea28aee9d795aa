//! From a head to a handler, from a handler to a response.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::HeaderMap;
use http::{Extensions, Response, StatusCode, Version};
use http_body::Body as _;
use minato_runtime::io::{AsyncRead, AsyncWrite};

use super::inbound::{Fed, Inbound};
use super::waits::Wait;
use super::{Connection, Flow, Phase, Responding, Stepped};
use crate::body::Body;
use crate::buffers;
use crate::clock::Instant;
use crate::error::{Error, Kind};
use crate::h1::encode::{self, Asked, Fields, NameCase, Persistence, ResponseFraming};
use crate::h1::framing::Verb;
use crate::h1::request::Facts;
use crate::h1::spelling::{HeaderCase, ReasonPhrase};
use crate::h1::usual::{Line, Usual};
use crate::h1::{Date, Framing, HeadSpan, request};
use crate::limits::{LINGER_BYTES, OUTPUT_BYTES, REQUESTS_PER_TURN};
use crate::outbound::Outbound;
use crate::output::Output;
use crate::server::callee::{Answer, Callee, Told};
use crate::server::shutdown::{Guest, Stage};
use crate::server::stats::{ServerEvent, Violation};
use crate::server::watch::Live;
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
    /// Its end, once it has taken more than one step.
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

impl<Io, C> Connection<Io, C>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    C: Callee,
{
    /// Hands the head at the beginning of the input to the service, unless it has to be looked at more closely.
    pub(super) fn begin_usual(
        &mut self,
        head: Usual,
        lines: &[Line],
        cx: &mut Context<'_>,
    ) -> Result<Option<Flow>, Error> {
        if self.answered_this_turn == REQUESTS_PER_TURN {
            return Ok(Some(Flow::Wait(Wait::Turn)));
        }
        if let Some(flow) = self.poll_service(cx) {
            return Ok(Some(flow));
        }
        let (len, facts) = (head.len(), head.facts);
        let Some(head) = C::usual(head, &self.input.bytes()[..len], lines) else { return Ok(None) };
        self.input.consume(len);
        self.accept(head, facts, cx).map(Some)
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
            Ok(head) => {
                let facts = head.facts;
                let mut head = C::typed(head);
                if let Some(case) = case {
                    C::extensions(&mut head).insert(case);
                }
                self.accept(head, facts, cx)
            }
            Err(fault) => {
                self.violated(fault);
                Ok(Flow::Again)
            }
        }
    }

    /// What to do instead of calling the service, while it is not ready.
    fn poll_service(&mut self, cx: &mut Context<'_>) -> Option<Flow> {
        match self.callee.poll_ready(cx) {
            Poll::Pending if self.poll_gone(cx).is_ready() => Some(self.lose(cx)),
            Poll::Pending => Some(Flow::Wait(Wait::Handler)),
            Poll::Ready(Ok(())) => {
                self.waits.over();
                None
            }
            Poll::Ready(Err(status)) => {
                self.refuse(status);
                Some(Flow::Again)
            }
        }
    }

    /// Calls the service, and polls the handler once: nearly all have their answer then.
    fn accept(&mut self, mut head: C::Head, facts: Facts, cx: &mut Context<'_>) -> Stepped {
        let limit = self.config.limits.body_bytes;
        if let (Framing::Length(length), Some(limit)) = (facts.framing, limit)
            && length > limit
        {
            self.guest.note(&ServerEvent::Violated(Violation::BodyLimit));
            self.refuse(StatusCode::PAYLOAD_TOO_LARGE);
            return Ok(Flow::Again);
        }
        let (inbound, body) = Inbound::new(facts.framing, facts.expects_continue, &self.config);
        let may_switch = facts.wants_upgrade || facts.asked.verb == Verb::Connect;
        let hand_over = (may_switch && inbound.is_done()).then(|| upgrade::offer(C::extensions(&mut head)));
        let is_persistent = facts.is_persistent && self.config.http1.keep_alive;
        let exchange =
            Exchange { asked: facts.asked, is_persistent, inbound, refusal: None, hand_over, live: None };
        self.requests += 1;
        if facts.asked.version < Version::HTTP_11
            && let Some(counted) = self.guest.counted()
        {
            counted.http10_request();
        }
        let requests = self.requests;
        let told = self.watch.as_ref().map(|watch| {
            watch.begin(requests);
            Told { watch, exchange: requests }
        });
        // The future goes to its place at once: it has the request in it, and is large.
        let (callee, handler) = (&mut self.callee, &mut self.handler);
        let stepped = match catch_unwind(AssertUnwindSafe(|| handler.set(callee.call(head, body, told)))) {
            Ok(()) => self.poll_handler(exchange, cx),
            Err(_) => self.panicked(exchange),
        };
        if let Some(watch) = &self.watch
            && !matches!(self.phase, Phase::Handling(_) | Phase::Responding(_))
        {
            watch.end(requests, 1);
        }
        stepped
    }

    /// What an exchange becomes that takes another step: its end is no longer the end of a function.
    fn keep(&self, mut exchange: Exchange) -> Exchange {
        if exchange.live.is_none() {
            exchange.live = self.watch.as_ref().map(|watch| Live::of(watch, self.requests));
        }
        exchange
    }

    pub(super) fn step_handler(&mut self, cx: &mut Context<'_>) -> Stepped {
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Handling(exchange) => self.poll_handler(exchange, cx),
            phase => {
                self.phase = phase;
                Ok(Flow::Again)
            }
        }
    }

    fn poll_handler(&mut self, exchange: Exchange, cx: &mut Context<'_>) -> Stepped {
        let Some(handler) = self.handler.get() else { return Ok(Flow::Again) };
        // What an output turns into is the user's doing too.
        match catch_unwind(AssertUnwindSafe(|| handler.poll(cx).map(C::answer))) {
            Ok(Poll::Ready(answer)) => {
                self.handler.clear();
                match answer {
                    Ok(answer) => self.respond(exchange, answer, cx),
                    Err(status) => self.respond_empty(exchange, status),
                }
                Ok(Flow::Again)
            }
            Ok(Poll::Pending) => {
                self.phase = Phase::Handling(self.keep(exchange));
                self.wait_for_handler(cx)
            }
            Err(_) => self.panicked(exchange),
        }
    }

    /// Does for a handler at work what it needs.
    fn wait_for_handler(&mut self, cx: &mut Context<'_>) -> Stepped {
        let Phase::Handling(exchange) = &mut self.phase else { return Ok(Flow::Again) };
        if let Some(live) = &exchange.live {
            let case = self.config.http1.name_case;
            exchange.asked.inform(&mut self.output, live.poll_informational(cx), case);
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
                note(&self.guest, &error);
                if error.is_closed() {
                    self.phase = Phase::Closed;
                }
                Ok(Flow::Again)
            }
        }
    }

    /// Notices a peer that goes away while its handler works, or its response waits for more to send.
    fn watch(&mut self, cx: &mut Context<'_>) -> Flow {
        let exchange = match &mut self.phase {
            Phase::Handling(exchange) => exchange,
            Phase::Responding(responding) => &mut responding.exchange,
            _ => return Flow::Again,
        };
        if self.is_half_closed {
            return Flow::Wait(Wait::Handler);
        }
        // Where nothing else can stand before the end, it is found by reading. What a pipelining peer sends is read
        // once and then left in the socket, as is the body that nobody wants yet.
        if exchange.inbound.is_done() && self.input.is_empty() {
            match self.input.poll_fill(&mut self.io, cx, None) {
                Poll::Pending => return Flow::Wait(Wait::Handler),
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Ok(0)) if self.config.http1.half_close => {
                    self.is_half_closed = true;
                    exchange.is_persistent = false;
                    return Flow::Wait(Wait::Handler);
                }
                Poll::Ready(Ok(0) | Err(_)) => return self.lose(cx),
            }
        }
        match self.poll_gone(cx) {
            Poll::Ready(()) => self.lose(cx),
            Poll::Pending => Flow::Wait(Wait::Handler),
        }
    }

    /// Ready when the peer has gone, whatever it has sent before; a peer that may end its side is not gone with that.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.config.http1.half_close {
            true => Poll::Pending,
            false => Pin::new(&mut self.io).poll_read_closed(cx),
        }
    }

    /// Gives up the exchange, since nobody is there for it any more.
    fn lose(&mut self, cx: &mut Context<'_>) -> Flow {
        self.handler.clear();
        self.body.clear();
        // A peer that has ended its side alone still gets what was answered before.
        let _ = self.poll_flush(cx);
        self.phase = Phase::Closed;
        Flow::Again
    }

    fn respond(&mut self, mut exchange: Exchange, answer: Answer<C::Fields, C::Body>, cx: &Context<'_>) {
        let Answer { status, fields, extensions, mut body } = answer;
        // When this was the last request here, its buffer serves for the response.
        if self.output.wants_buffer() {
            self.output.give_buffer(self.input.take_buffer());
        }
        exchange.inbound.settle_expectation(&self.input, &mut self.output, cx);
        let case = self.config.http1.name_case;
        if let Some(watch) = &self.watch
            && watch.is_asked()
        {
            exchange.asked.inform(&mut self.output, watch.take_informational(self.requests), case);
        }
        if let Some(hand_over) = exchange.take_hand_over(status) {
            encode::bodiless_head(self.output.tail(), status, &fields, case);
            self.guest.note(&ServerEvent::Upgraded);
            self.count(status);
            self.phase = Phase::Switching(hand_over);
            return;
        }
        if status.is_informational() {
            // A final response is owed; 101 would need an upgrade that was never offered.
            return self.respond_empty(exchange, StatusCode::INTERNAL_SERVER_ERROR);
        }
        let known = (&mut body as &mut dyn Any).downcast_mut::<Body>();
        let has_trailers = known.as_ref().is_some_and(|body| body.has_known_trailers());
        // What is here as a whole joins its head at once.
        let full = known.and_then(Body::take_full);
        let exact = match &full {
            Some(data) => Some(data.len() as u64),
            None => body.size_hint().exact(),
        };
        let start = self.output.tail().len();
        let framing = self.write_head(&mut exchange, status, &fields, exact, has_trailers);
        if !extensions.is_empty() {
            spell(&extensions, self.output.tail(), start);
        }
        C::keep(fields);
        match (framing.body, full) {
            (None | Some(Framing::Length(0)), _) => self.finish(exchange),
            // RFC 9112 §6.3: the length is that of the data, unless there is none.
            (Some(_), Some(data)) => {
                self.output.push(data);
                self.finish(exchange);
            }
            (Some(framing), None) => {
                let outbound = Outbound::new(framing, exchange.asked.accepts_trailers);
                self.body.set(body);
                let exchange = self.keep(exchange);
                self.phase = Phase::Responding(Box::new(Responding { exchange, outbound }));
            }
        }
    }

    fn respond_empty(&mut self, mut exchange: Exchange, status: StatusCode) {
        let _ = self.write_head(&mut exchange, status, &HeaderMap::new(), Some(0), false);
        self.finish(exchange);
    }

    /// The handler is lost, and with it any trust in what it left behind.
    fn panicked(&mut self, mut exchange: Exchange) -> Stepped {
        self.handler.clear();
        exchange.is_persistent = false;
        self.respond_empty(exchange, StatusCode::INTERNAL_SERVER_ERROR);
        Ok(Flow::Again)
    }

    /// Writes the head of the response to the request at hand, and settles whether the connection lives on.
    fn write_head(
        &mut self,
        exchange: &mut Exchange,
        status: StatusCode,
        fields: &impl Fields,
        exact: Option<u64>,
        has_trailers: bool,
    ) -> ResponseFraming {
        let asked = exchange.asked;
        let framing = encode::response_framing(&asked, status, fields, exact, has_trailers);
        exchange.is_persistent &= self.guest.stage() == Stage::Serving
            && framing.body != Some(Framing::UntilClose)
            && exchange.inbound.is_reusable(&self.config)
            && asked.verb != Verb::Connect
            && !fields.has_close()
            && !self.is_spent();
        let persistence = match exchange.is_persistent {
            false => Persistence::Close,
            true if asked.version < Version::HTTP_11 => Persistence::Announced,
            true => Persistence::Implied,
        };
        self.count(status);
        let date = self.date();
        let case = self.config.http1.name_case;
        encode::response_head(self.output.tail(), status, fields, framing, persistence, date.as_ref(), case);
        framing
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
        self.count(status);
        let date = self.date();
        let case = self.config.http1.name_case;
        let (out, none) = (self.output.tail(), HeaderMap::new());
        encode::response_head(out, status, &none, framing, Persistence::Close, date.as_ref(), case);
    }

    #[inline]
    fn count(&self, status: StatusCode) {
        if let Some(counted) = self.guest.counted() {
            counted.response(status);
        }
    }

    /// The date that responses are to have.
    fn date(&mut self) -> Option<Date> {
        self.config.http1.date.then(|| Date::of_thread(*self.turn_began.get_or_insert_with(Instant::now)))
    }

    pub(super) fn step_response(&mut self, cx: &mut Context<'_>) -> Stepped {
        if self.output.len() > OUTPUT_BYTES && self.poll_flush(cx)?.is_pending() {
            return Ok(Flow::Wait(Wait::Room));
        }
        let Phase::Responding(responding) = &mut self.phase else { return Ok(Flow::Again) };
        let Responding { exchange, outbound } = &mut **responding;
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
                            note(&self.guest, &error);
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
                if let Phase::Responding(responding) = std::mem::replace(&mut self.phase, Phase::Closed) {
                    self.finish(responding.exchange);
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
    #[inline]
    fn finish(&mut self, exchange: Exchange) {
        let is_reusable = exchange.is_persistent && exchange.inbound.is_reusable(&self.config);
        match exchange.inbound {
            Inbound::Done if is_reusable => self.next_request(),
            Inbound::Open(open) if is_reusable => {
                self.waits.over();
                let left = self.config.limits.unread_body_bytes;
                self.phase = Phase::Discarding(open.into_decoder(), left);
            }
            // A peer that has sent all it will, and nothing more, has nothing that a reset could destroy.
            Inbound::Done if self.input.is_empty() => self.close(0),
            _ => self.close(LINGER_BYTES),
        }
    }
}

/// Counts what the peer did wrong in a body.
fn note(guest: &Guest, error: &Error) {
    match error.kind() {
        Kind::Message(fault) => guest.note(&ServerEvent::Violated(fault.violation())),
        Kind::BodyLimit(_) => guest.note(&ServerEvent::Violated(Violation::BodyLimit)),
        _ => {}
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

impl Exchange {
    /// Where the connection goes, if an answer with this status ends HTTP on it.
    fn take_hand_over(&mut self, status: StatusCode) -> Option<HandOver> {
        let is_switch = match self.asked.verb {
            // RFC 9110 §9.3.6: any 2xx to a CONNECT begins the tunnel.
            Verb::Connect => status.is_success(),
            _ => status == StatusCode::SWITCHING_PROTOCOLS,
        };
        self.hand_over.take_if(|_| is_switch)
    }
}
