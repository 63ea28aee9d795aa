//! The driver of an HTTP/1 connection: the one place where sockets, clock and protocol meet.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`Connection`], its phases, and the one `match` over them |
//! | `exchange.rs` | from a head to a handler, from a handler to a response |
//! | `inbound.rs` | the request body, decoded when the handler asks |
//! | `waits.rs` | what is waited for, and how long |
//!
//! Everything happens in the connection's own task: the handler is polled here, its future lies in a slot that is used
//! again, and no channel stands between it and the socket. Responses to pipelined requests gather in the output, which
//! is written when no further complete request has arrived.
//!
//! Invariants
//! 1. The next head is looked at only when the response before it is whole in the output and the request body
//!    before it has been consumed to its end. Otherwise the connection closes.
//! 2. A turn ends only after what can be written has been written and a waker is registered for each thing waited for.

mod exchange;
mod inbound;

mod waits;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::StatusCode;
use minato_runtime::io::{AsyncRead, AsyncWrite};

use self::exchange::Exchange;
use self::waits::{Expired, Wait, Waits};
use crate::clock::{Deadline, Instant};
use crate::conn_info::ConnInfo;
use crate::error::{Error, Kind, Sent, Timeout};
use crate::h1::usual::{self, Lines};
use crate::h1::{Decoder, Fault, HeadLimits, Scan, Section, Step};
use crate::input::Input;
use crate::limits::{LINGER_BYTES, OUTPUT_BYTES, REQUESTS_PER_TURN};
use crate::outbound::Outbound;
use crate::output::Output;
use crate::server::callee::Callee;
use crate::server::config::{ConnectionInfo, ServerConfig};
use crate::server::shutdown::{Guest, Stage};
use crate::server::stats::ServerEvent;
use crate::server::watch::{Order, Watch};
use crate::slot::Slot;
use crate::upgrade::{HandOver, Upgraded};

/// One HTTP/1 connection, served.
#[must_use = "futures do nothing unless polled"]
pub(crate) struct Connection<Io, C: Callee> {
    io: Io,
    input: Input,
    output: Output,
    callee: C,
    handler: Slot<C::Future>,
    body: Slot<C::Body>,
    phase: Phase,
    config: Arc<ServerConfig>,
    /// What requests are told of the connection, where they are.
    watch: Option<Arc<Watch>>,
    /// Requests handed to the service.
    requests: u64,
    /// When the connection is too old for another request.
    expires: Option<Instant>,
    guest: Guest,
    deadline: Deadline,
    waits: Waits,
    /// When the turn began, once somebody has asked: the clock is read once in a turn, however many responses it makes.
    turn_began: Option<Instant>,
    has_answered: bool,
    /// The peer has ended its side, and is answered all the same.
    is_half_closed: bool,
    /// Requests answered since the turn began.
    answered_this_turn: u32,
}

/// Where the connection stands. What belongs to a phase alone lives in it.
enum Phase {
    /// A head is awaited, or arriving: then it is known how far it has been looked at.
    Head(Option<Box<Scan>>),
    /// The handler has the request.
    Handling(Exchange),
    /// The head of the response is out, its body is not.
    Responding(Box<Responding>),
    /// The answer that ends HTTP is in the output.
    Switching(HandOver),
    /// It has left: what follows on the connection is not ours.
    Switched(HandOver),
    /// The response is out; the rest of the request body is thrown away, for the sake of the next request.
    Discarding(Decoder, u64),
    /// All is said. What still arrives is thrown away, since closing with unread bytes would reset the connection and
    /// could destroy the response on its way (RFC 9112 §9.6).
    Lingering {
        left: u64,
        is_shut: bool,
    },
    Closed,
}

/// A response whose body is on its way.
struct Responding {
    exchange: Exchange,
    outbound: Outbound,
}

/// What a step came to.
enum Flow {
    /// Take another step.
    Again,
    /// Nothing to do until something happens.
    Wait(Wait),
}

type Stepped = Result<Flow, Error>;

impl<Io, C> Connection<Io, C>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    C: Callee,
{
    /// A connection accepted at `accepted`, of which `input` has been read.
    pub(crate) fn new(
        io: Io,
        input: Input,
        callee: C,
        config: Arc<ServerConfig>,
        info: ConnInfo,
        guest: Guest,
        accepted: Instant,
    ) -> Self {
        let expires = config.timeouts.connection_age.and_then(|age| accepted.checked_add(age));
        let is_told = config.connection_info == ConnectionInfo::Insert;
        Self {
            io,
            input,
            output: Output::default(),
            callee,
            handler: Slot::new(),
            body: Slot::new(),
            phase: Phase::Head(None),
            config,
            watch: is_told.then(|| Arc::new(Watch::new(info, Order::Sequential))),
            requests: 0,
            expires,
            guest,
            deadline: Deadline::default(),
            waits: Waits::accepted(accepted),
            turn_began: None,
            has_answered: false,
            is_half_closed: false,
            answered_this_turn: 0,
        }
    }

    /// Ends the connection: one that has switched protocols goes to whoever waits for it.
    pub(crate) fn hand_over(self)
    where
        Io: Send + 'static,
    {
        if let Phase::Switched(hand_over) = self.phase {
            let rest = Bytes::copy_from_slice(self.input.bytes());
            // If nobody waits, the connection closes.
            let _ = hand_over.send(Upgraded::connection(self.io, rest, Some(self.guest)));
        }
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.turn_began = None;
        self.answered_this_turn = 0;
        loop {
            let flow = match &mut self.phase {
                Phase::Head(_) => self.step_head(cx),
                Phase::Handling(_) => self.step_handler(cx),
                Phase::Responding(_) => self.step_response(cx),
                Phase::Discarding(..) => self.step_discard(cx),
                Phase::Lingering { .. } => self.step_linger(cx),
                Phase::Switching(_) => self.step_switch(cx),
                Phase::Switched(_) | Phase::Closed => return Poll::Ready(Ok(())),
            };
            match flow? {
                Flow::Again => {}
                Flow::Wait(wait) => match self.poll_wait(wait, cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    }

    fn step_head(&mut self, cx: &mut Context<'_>) -> Stepped {
        if self.output.len() > OUTPUT_BYTES {
            return Ok(Flow::Wait(Wait::Room));
        }
        let is_fresh = matches!(self.phase, Phase::Head(None));
        if is_fresh && self.input.is_empty() {
            return self.read_head(false, cx);
        }
        self.take_head(is_fresh, cx)
    }

    /// Takes a head from the input, or reads on if it is not there whole.
    #[inline]
    fn take_head(&mut self, is_fresh: bool, cx: &mut Context<'_>) -> Stepped {
        let limits = HeadLimits {
            bytes_max: self.config.limits.head_bytes,
            fields_max: self.config.limits.head_fields.min(crate::limits::HEAD_FIELDS_MAX),
            target_bytes_max: self.config.limits.uri_bytes,
        };
        if is_fresh && !self.config.http1.preserve_case {
            let mut lines = Lines::default();
            if let Some(head) = usual::scan(self.input.bytes(), &limits, &mut lines)
                && let Some(flow) = self.begin_usual(head, &lines, cx)?
            {
                return Ok(flow);
            }
        }
        let Phase::Head(scan) = &mut self.phase else { return Ok(Flow::Again) };
        let scan = scan.get_or_insert_with(|| {
            Box::new(Scan::new(Section::Head).taking_bare_lf(self.config.http1.lenient.bare_line_feeds))
        });
        match scan.advance(self.input.bytes(), &limits) {
            Ok(Some(_)) if self.answered_this_turn == REQUESTS_PER_TURN => Ok(Flow::Wait(Wait::Turn)),
            Ok(Some(span)) => self.begin(span, cx),
            Ok(None) => {
                let has_begun = scan.has_begun();
                self.read_on(has_begun, cx)
            }
            Err(fault) => {
                self.violated(fault);
                Ok(Flow::Again)
            }
        }
    }

    /// Reads the rest of a head that has begun to arrive, or blank lines before it.
    #[inline(never)]
    fn read_on(&mut self, has_begun: bool, cx: &mut Context<'_>) -> Stepped {
        self.read_head(has_begun, cx)
    }

    /// Reads on, since no further complete request is here: now the responses leave.
    #[inline]
    fn read_head(&mut self, has_begun: bool, cx: &mut Context<'_>) -> Stepped {
        if self.poll_flush(cx)?.is_pending() {
            return Ok(Flow::Wait(Wait::Room));
        }
        match self.input.poll_fill(&mut self.io, cx, None) {
            Poll::Ready(Ok(0)) | Poll::Ready(Err(_)) => {
                self.phase = Phase::Closed;
                Ok(Flow::Again)
            }
            Poll::Ready(Ok(_)) => Ok(Flow::Again),
            Poll::Pending if self.guest.stage() == Stage::Serving || has_begun => {
                let is_first = !self.has_answered;
                Ok(Flow::Wait(if has_begun || is_first { Wait::Head } else { Wait::Idle }))
            }
            Poll::Pending if self.has_answered => {
                self.close(0);
                Ok(Flow::Again)
            }
            Poll::Pending => Ok(Flow::Wait(Wait::Grace)),
        }
    }

    // Nothing but HTTP may be written or read before the peer has the answer.
    fn step_switch(&mut self, cx: &mut Context<'_>) -> Stepped {
        if self.poll_flush(cx)?.is_pending() {
            return Ok(Flow::Wait(Wait::Room));
        }
        if let Phase::Switching(hand_over) = std::mem::replace(&mut self.phase, Phase::Closed) {
            self.phase = Phase::Switched(hand_over);
        }
        Ok(Flow::Again)
    }

    fn step_discard(&mut self, cx: &mut Context<'_>) -> Stepped {
        let Phase::Discarding(decoder, left) = &mut self.phase else { return Ok(Flow::Again) };
        loop {
            match decoder.decode(self.input.bytes()) {
                Ok(Step::Skip(len) | Step::Data(len)) if len as u64 <= *left => {
                    *left -= len as u64;
                    self.input.consume(len);
                }
                Ok(Step::Skip(_) | Step::Data(_)) => {
                    self.close(LINGER_BYTES);
                    return Ok(Flow::Again);
                }
                Err(fault) => {
                    self.guest.note(&ServerEvent::Violated(fault.violation()));
                    self.close(LINGER_BYTES);
                    return Ok(Flow::Again);
                }
                Ok(Step::End) => {
                    self.next_request();
                    return Ok(Flow::Again);
                }
                Ok(Step::More) => break,
            }
        }
        let left = *left;
        if self.poll_flush(cx)?.is_pending() {
            return Ok(Flow::Wait(Wait::Unread));
        }
        match self.input.poll_fill(&mut self.io, cx, None) {
            Poll::Ready(Ok(0)) | Poll::Ready(Err(_)) => self.phase = Phase::Closed,
            Poll::Ready(Ok(_)) if left > 0 => {}
            Poll::Ready(Ok(_)) => self.close(LINGER_BYTES),
            Poll::Pending => return Ok(Flow::Wait(Wait::Unread)),
        }
        Ok(Flow::Again)
    }

    fn step_linger(&mut self, cx: &mut Context<'_>) -> Stepped {
        if self.poll_flush(cx)?.is_pending() {
            return Ok(Flow::Wait(Wait::Room));
        }
        let Phase::Lingering { left, is_shut } = &mut self.phase else { return Ok(Flow::Again) };
        if !*is_shut {
            match Pin::new(&mut self.io).poll_shutdown(cx) {
                Poll::Ready(Ok(())) => *is_shut = true,
                // The peer has gone: there is nobody to linger for.
                Poll::Ready(Err(_)) => *left = 0,
                Poll::Pending => return Ok(Flow::Wait(Wait::Linger)),
            }
        }
        let unread = self.input.bytes().len();
        self.input.consume(unread);
        *left = left.saturating_sub(unread as u64);
        if *left == 0 {
            self.phase = Phase::Closed;
            return Ok(Flow::Again);
        }
        match self.input.poll_fill(&mut self.io, cx, None) {
            Poll::Ready(Ok(0)) | Poll::Ready(Err(_)) => self.phase = Phase::Closed,
            Poll::Ready(Ok(_)) => {}
            Poll::Pending => return Ok(Flow::Wait(Wait::Linger)),
        }
        Ok(Flow::Again)
    }

    /// Says no more after what is queued, and throws away up to `unread` bytes that still arrive.
    fn close(&mut self, unread: u64) {
        self.handler.clear();
        self.body.clear();
        self.waits.over();
        self.phase = Phase::Lingering { left: unread, is_shut: false };
    }

    /// Answers a head that breaks a rule, and closes.
    fn violated(&mut self, fault: Fault) {
        self.guest.note(&ServerEvent::Violated(fault.violation()));
        self.refuse(fault.status());
    }

    /// Answers a request that no handler sees, or will see to its end, and closes.
    fn refuse(&mut self, status: StatusCode) {
        self.write_refusal(status);
        self.close(LINGER_BYTES);
    }

    fn next_request(&mut self) {
        self.waits.over();
        self.has_answered = true;
        self.answered_this_turn += 1;
        // An exchange of one step has left the phase as it was.
        if !matches!(&self.phase, Phase::Head(None)) {
            self.phase = Phase::Head(None);
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, Error> {
        if self.output.is_empty() {
            return Ok(Poll::Ready(()));
        }
        let mut progress = false;
        match self.output.poll_write_keeping(&mut self.io, cx, &mut progress) {
            Poll::Ready(Ok(())) => {
                // The next read finds it, or gives it back.
                if let Some(buffer) = self.output.take_buffer() {
                    self.input.give_buffer(buffer);
                }
                Ok(Poll::Ready(()))
            }
            Poll::Ready(Err(error)) => Err(Error::io(Sent::Something, error)),
            Poll::Pending => {
                if progress {
                    self.waits.progress();
                }
                Ok(Poll::Pending)
            }
        }
    }

    /// Ends a turn, unless something has come up.
    fn poll_wait(&mut self, wait: Wait, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let is_stuck = self.poll_flush(cx)?.is_pending();
        // Who waits holds no buffer with nothing in it.
        self.input.release();
        if !is_stuck && wait == Wait::Room {
            return Poll::Ready(Ok(()));
        }
        if wait == Wait::Turn {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if !self.guest.knows(cx.waker()) {
            self.deadline.waker_changed();
        }
        match self.guest.poll_changed(cx) {
            Poll::Ready(Stage::Aborting) => {
                self.guest.mark_cut();
                self.phase = Phase::Closed;
                return Poll::Ready(Ok(()));
            }
            Poll::Ready(_) => return Poll::Ready(Ok(())),
            Poll::Pending => {}
        }
        // Between two requests it does not matter how long the last one took.
        let now = match (wait, self.turn_began) {
            (Wait::Idle, Some(began)) => began,
            _ => Instant::now(),
        };
        self.waits.begin(wait, now, is_stuck);
        let body = match &mut self.phase {
            Phase::Handling(exchange) => exchange.wait(wait, now),
            Phase::Responding(responding) => responding.exchange.wait(wait, now),
            _ => None,
        };
        let age = self.expires.filter(|_| wait == Wait::Idle).map(|at| (at, Expired::Quietly));
        let due =
            self.waits.deadline(&self.config.timeouts, body).into_iter().chain(age).min_by_key(|(at, _)| *at);
        match self.deadline.poll_at(now, due.map(|(at, _)| at), cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                let expired = due.map_or(Expired::Quietly, |(_, expired)| expired);
                Poll::Ready(self.expire(expired, cx))
            }
        }
    }

    fn expire(&mut self, expired: Expired, cx: &mut Context<'_>) -> Result<(), Error> {
        self.waits.over();
        if let Some(timeout) = expired.timeout() {
            self.guest.note(&ServerEvent::TimedOut(timeout));
        }
        match (expired, &mut self.phase) {
            (Expired::Head, Phase::Head(Some(scan))) if scan.has_begun() => {
                self.refuse(StatusCode::REQUEST_TIMEOUT);
            }
            (Expired::Body, Phase::Handling(exchange)) => {
                exchange.fail(Error::new(Kind::Timeout(Timeout::Body)), cx);
            }
            (Expired::Body, Phase::Responding(responding)) => {
                responding.exchange.fail(Error::new(Kind::Timeout(Timeout::Body)), cx);
            }
            (Expired::Unread, _) => self.close(LINGER_BYTES),
            (Expired::Write, _) => return Err(Error::new(Kind::Timeout(Timeout::Write))),
            _ => self.phase = Phase::Closed,
        }
        Ok(())
    }
}

impl<Io, C> Future for Connection<Io, C>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    C: Callee,
{
    type Output = Result<(), Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let me = self.get_mut();
        let polled = me.poll_turn(cx);
        if let Some(counted) = me.guest.counted() {
            counted.publish(me.requests, me.input.received(), me.output.sent());
        }
        polled
    }
}

// Nothing in it is pinned in place: what must not move lies in slots.
impl<Io, C: Callee> Unpin for Connection<Io, C> {}

#[cfg(test)]
mod tests {
    use std::future::Ready;

    use minato_net::TcpStream;

    use super::*;
    use crate::lean::{HandlerFn, Lean, Request, Response};
    use crate::server::connection::Opened;

    type Hello = Lean<HandlerFn<fn(Request) -> Ready<Response>>>;

    /// What ten thousand idle connections hold ten thousand times.
    #[test]
    fn what_is_rare_has_no_room_in_every_connection() {
        let sizes = [
            ("connection", size_of::<Connection<TcpStream, Hello>>(), 464),
            ("connection of either protocol", size_of::<Opened<TcpStream, Hello>>(), 464),
            ("socket", size_of::<TcpStream>(), 64),
            ("input", size_of::<Input>(), 48),
            ("output", size_of::<Output>(), 56),
            ("phase", size_of::<Phase>(), 48),
            ("guest", size_of::<Guest>(), 64),
            ("deadline", size_of::<Deadline>(), 56),
            ("waits", size_of::<Waits>(), 40),
            ("watch", size_of::<Watch>(), 160),
        ];
        let grown: Vec<_> = sizes.into_iter().filter(|(_, size, at_most)| size > at_most).collect();
        assert!(grown.is_empty(), "bytes, and what they were: {grown:?}");
    }
}
