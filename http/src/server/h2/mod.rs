//! The driver of an HTTP/2 connection.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`Connection`]: its turns and its clocks |
//! | `stream.rs` | one exchange: a handler, then the body of its response |
//!
//! Handlers are polled here, in the connection's task: first when their request is accepted, then when they were woken.
//! A turn takes in what has arrived, polls what is ready, and only then writes: a batch of responses is one call.
//!
//! Invariants
//! 1. At most `max_concurrent_streams` handlers live at a time, whatever the peer resets.
//! 2. Between the last round of a turn and its end, all that h2 has to write has been handed to the socket.

mod stream;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use minato_runtime::io::{AsyncRead, AsyncWrite};
use minato_service::BoxError;
use tower_service::Service;

use self::stream::Stream;
use crate::body::{Body, BodyLimits, H2Body};
use crate::clock::{Deadline, Instant};
use crate::conn_info::{ConnInfo, Protocol};
use crate::error::{Error, Kind, Sent, Timeout};
use crate::h1::Date;
use crate::h2::{Estimator, KeepAlive, Pulse, Role, StreamSet, Turn, WINDOW_MAX, Wire, check_request};
use crate::input::Input;
use crate::limits::ROUNDS_PER_TURN;
use crate::reason::Reason;
use crate::server::config::{ConnectionInfo, ServerConfig};
use crate::server::shutdown::{Guest, Stage};
use crate::server::stats::{Counted, ServerEvent, Violation};
use crate::server::watch::{Live, Order, Watch};
use crate::upgrade::{self, ConnectProtocol};

type Accepted = (Request<h2::RecvStream>, h2::server::SendResponse<Bytes>);

/// One HTTP/2 connection, served.
#[must_use = "futures do nothing unless polled"]
pub(crate) struct Connection<Io, S, B>
where
    S: Service<Request<Body>>,
{
    state: State<Io>,
    wire: Wire<Io>,
    service: S,
    streams: StreamSet<Stream<S::Future, B>>,
    /// A request that waits for the service to be ready for it.
    waiting: Option<Accepted>,
    turn: Arc<Turn>,
    turn_waker: Waker,
    config: Arc<ServerConfig>,
    watch: Arc<Watch>,
    guest: Guest,
    /// Requests accepted.
    requests: u64,
    /// The peer has been told to go away.
    is_leaving: bool,
    clocks: Clocks,
    date: Date,
    date_value: HeaderValue,
}

enum State<Io> {
    Handshaking(Box<h2::server::Handshake<Wire<Io>, Bytes>>),
    Serving(Box<h2::server::Connection<Wire<Io>, Bytes>>),
}

/// What may take too long.
struct Clocks {
    deadline: Deadline,
    accepted: Instant,
    /// Since when no stream is open.
    idle: Option<Instant>,
    /// Since when something has begun to arrive that is not here as a whole, and the number of its first frame.
    begun: Option<(u64, Instant)>,
    /// Since when the socket takes nothing.
    stalled: Option<Instant>,
    /// Until when control frames have been earned.
    earned: Instant,
    keep_alive: Option<KeepAlive>,
}

impl<Io, S, B> Connection<Io, S, B>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: http_body::Body,
    B::Data: Buf,
    B::Error: Into<BoxError>,
{
    /// A connection accepted at `accepted`, of which `input`, the preface, has been read.
    pub(crate) fn new(
        io: Io,
        input: Input,
        service: S,
        config: Arc<ServerConfig>,
        info: ConnInfo,
        guest: Guest,
        accepted: Instant,
    ) -> Self {
        let knobs = &config.http2;
        let wire = Wire::new(io, input, Role::Server, knobs.control_frame_budget);
        let mut builder = h2::server::Builder::new();
        builder
            .initial_window_size(knobs.stream_window)
            .initial_connection_window_size(knobs.connection_window)
            .max_concurrent_streams(knobs.max_concurrent_streams)
            .max_frame_size(knobs.max_frame_size)
            .max_header_list_size(knobs.max_header_list_size)
            .header_table_size(knobs.header_table_size)
            .max_send_buffer_size(knobs.max_send_buffer_size)
            .max_concurrent_reset_streams(knobs.max_concurrent_reset_streams)
            .max_pending_accept_reset_streams(knobs.max_pending_accept_reset_streams)
            .max_local_error_reset_streams(Some(knobs.max_local_error_reset_streams));
        if knobs.extended_connect {
            builder.enable_connect_protocol();
        }
        if let Some(budget) = knobs.data_frame_budget {
            builder.data_frame_budget(budget);
        }
        let turn = Turn::new();
        let clocks = Clocks {
            deadline: Deadline::default(),
            accepted,
            idle: None,
            begun: None,
            stalled: None,
            earned: accepted,
            keep_alive: None,
        };
        Self {
            state: State::Handshaking(Box::new(builder.handshake(wire.clone()))),
            wire,
            service,
            streams: StreamSet::new(Arc::clone(&turn)),
            waiting: None,
            turn_waker: Waker::from(Arc::clone(&turn)),
            turn,
            config,
            watch: Arc::new(Watch::new(info.speaking(Protocol::Http2), Order::Concurrent)),
            guest,
            requests: 0,
            is_leaving: false,
            clocks,
            date: Date::new(),
            date_value: HeaderValue::from_static(""),
        }
    }

    fn poll_turn(&mut self, task: &Waker) -> Poll<Result<(), Error>> {
        self.turn.begin(task);
        let waker = self.turn_waker.clone();
        let cx = &mut Context::from_waker(&waker);
        self.refresh_date();
        for _ in 0..ROUNDS_PER_TURN {
            if let Poll::Ready(ended) = self.poll_streams(cx) {
                return Poll::Ready(ended);
            }
            if self.turn.take_notified() {
                continue;
            }
            if let Poll::Ready(ended) = self.poll_clocks(cx) {
                return Poll::Ready(ended);
            }
            if self.turn.end() {
                return Poll::Pending;
            }
        }
        // Others have their turn; what is ready here is looked at in the next.
        let _ = self.poll_write(cx)?;
        task.wake_by_ref();
        Poll::Pending
    }

    /// Takes in what has arrived, and polls what is ready.
    fn poll_streams(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if let State::Handshaking(handshake) = &mut self.state {
            match Pin::new(&mut **handshake).poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(connection)) => self.serve(connection),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Error::h2(error))),
            }
        }
        let streams_max = self.config.http2.max_concurrent_streams as usize;
        loop {
            let State::Serving(connection) = &mut self.state else { return Poll::Pending };
            if let Some(fault) = self.wire.guard(|guard| guard.take_fault()) {
                self.guest.note(&ServerEvent::Violated(match fault {
                    Reason::ENHANCE_YOUR_CALM => Violation::Flood,
                    _ => Violation::Http2,
                }));
                connection.abrupt_shutdown(fault.code().into());
            }
            let has_room = self.waiting.is_none() && self.streams.len() < streams_max;
            let accepted = match has_room {
                true => connection.poll_accept(cx),
                // The connection goes on for the streams that are open.
                false => connection.poll_closed(cx).map(|closed| closed.err().map(Err)),
            };
            match accepted {
                Poll::Ready(Some(Ok(accepted))) => self.waiting = Some(accepted),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(Error::h2(error))),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                // What has just been read may be what the connection must end for.
                Poll::Pending if self.wire.guard(|guard| guard.has_fault()) => continue,
                Poll::Pending if self.waiting.is_none() => break,
                Poll::Pending => {}
            }
            match self.service.poll_ready(cx) {
                Poll::Ready(Ok(())) => self.start(),
                Poll::Ready(Err(_)) => self.refuse_waiting(),
                Poll::Pending => break,
            }
        }
        self.streams.poll_woken();
        Poll::Pending
    }

    fn serve(&mut self, mut connection: h2::server::Connection<Wire<Io>, Bytes>) {
        let knobs = &self.config.http2;
        let estimator = knobs.adaptive_window.map(|most| {
            let window = knobs.stream_window.min(knobs.connection_window);
            Estimator::new(window, most.min(WINDOW_MAX))
        });
        if estimator.is_some() || knobs.keep_alive_interval.is_some() {
            let interval = knobs.keep_alive_interval.unwrap_or(Duration::MAX);
            let (pings, timeout) = (connection.ping_pong(), knobs.keep_alive_timeout);
            let keep_alive = KeepAlive::new(pings, interval, timeout, Instant::now());
            self.clocks.keep_alive = Some(keep_alive.measuring(estimator));
        }
        self.state = State::Serving(Box::new(connection));
    }

    /// Hands the waiting request to the service, and polls its handler for the first time.
    fn start(&mut self) {
        let Some((request, mut respond)) = self.waiting.take() else { return };
        self.requests += 1;
        if self.config.limits.requests_per_connection.is_some_and(|most| self.requests >= most) {
            self.leave();
        }
        let (head, recv) = request.into_parts();
        if !check_request(&head) {
            self.guest.note(&ServerEvent::Violated(Violation::Http2));
            respond.send_reset(h2::Reason::PROTOCOL_ERROR);
            return;
        }
        let length =
            head.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let limit = self.config.limits.body_bytes;
        if let (Some(length), Some(limit)) = (length, limit)
            && length > limit
        {
            self.guest.note(&ServerEvent::Violated(Violation::BodyLimit));
            self.refuse(&mut respond, StatusCode::PAYLOAD_TOO_LARGE);
            return;
        }
        if head.uri.path_and_query().is_some_and(|path| path.as_str().len() > self.config.limits.uri_bytes) {
            self.guest.note(&ServerEvent::Violated(Violation::HeadLimit));
            self.refuse(&mut respond, StatusCode::URI_TOO_LONG);
            return;
        }
        let method = head.method.clone();
        let (body, tunnel) = match &method {
            // RFC 9113 §8.5: what follows the head of a CONNECT is the tunnel, and no body.
            &Method::CONNECT => (Body::empty(), Some(recv)),
            _ if recv.is_end_stream() => (Body::empty(), None),
            _ => (Body::from_h2(H2Body::new(recv, length).limited(BodyLimits::of(&self.config))), None),
        };
        let mut request = Request::from_parts(head, body);
        let extensions = request.extensions_mut();
        if let Some(protocol) = extensions.remove::<h2::ext::Protocol>() {
            extensions.insert(ConnectProtocol::new(protocol.as_str()));
        }
        let tunnel = tunnel.map(|recv| Box::new((recv, upgrade::offer(extensions))));
        let mut live = None;
        if self.config.connection_info == ConnectionInfo::Insert {
            let exchange = u64::from(respond.stream_id().as_u32());
            live = Some(Live::begin(&self.watch, exchange));
            extensions.insert(self.watch.info_of(exchange));
        }
        match catch_unwind(AssertUnwindSafe(|| self.service.call(request))) {
            Ok(handler) => {
                let window_timeout = self.config.http2.window_timeout;
                let date = self.date_value.clone();
                let responses = self.guest.counted().map(Counted::responses);
                let stream = Stream::new(handler, respond, method, date, window_timeout, tunnel, live);
                self.streams.start(stream.counting(responses));
            }
            Err(_) => respond.send_reset(h2::Reason::INTERNAL_ERROR),
        }
    }

    /// Tells the peer to open no further streams, and closes when those that are open have ended.
    fn leave(&mut self) {
        if let State::Serving(connection) = &mut self.state
            && !std::mem::replace(&mut self.is_leaving, true)
        {
            connection.graceful_shutdown();
            // Once more around, to send the GOAWAY.
            self.turn.wake_by_ref();
        }
    }

    fn refuse_waiting(&mut self) {
        if let Some((_, mut respond)) = self.waiting.take() {
            self.refuse(&mut respond, StatusCode::INTERNAL_SERVER_ERROR);
        }
    }

    /// Answers a request that no handler sees.
    fn refuse(&self, respond: &mut h2::server::SendResponse<Bytes>, status: StatusCode) {
        stream::answer(respond, status);
        if let Some(counted) = self.guest.counted() {
            counted.response(status);
        }
    }

    fn refresh_date(&mut self) {
        self.date.update(std::time::SystemTime::now());
        if self.date_value.as_bytes() != self.date.value()
            && let Ok(value) = HeaderValue::from_bytes(self.date.value())
        {
            self.date_value = value;
        }
    }

    /// Writes what the turn has made.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, Error> {
        let mut progress = false;
        match self.wire.poll_write_out(cx, &mut progress) {
            Poll::Ready(Ok(())) => {
                self.clocks.stalled = None;
                Ok(Poll::Ready(()))
            }
            Poll::Ready(Err(error)) => Err(Error::io(Sent::Something, error)),
            Poll::Pending => {
                if progress {
                    self.clocks.stalled = None;
                }
                Ok(Poll::Pending)
            }
        }
    }

    /// Writes, and looks at the clocks and at what the server asks for.
    fn poll_clocks(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let is_stuck = self.poll_write(cx)?.is_pending();
        match self.guest.poll_changed(cx) {
            Poll::Ready(Stage::Aborting) => {
                self.guest.mark_cut();
                return Poll::Ready(Ok(()));
            }
            Poll::Ready(_) => {
                if let State::Handshaking(_) = &self.state {
                    return Poll::Ready(Ok(()));
                }
                self.leave();
            }
            Poll::Pending => {}
        }
        let now = Instant::now();
        let clocks = &mut self.clocks;
        let earned = now.saturating_duration_since(clocks.earned).as_secs();
        if earned > 0 {
            clocks.earned = now;
            self.wire.guard(|guard| guard.handle_seconds(earned));
        }
        let (frames, data_bytes, has_settings, arriving) = self
            .wire
            .guard(|guard| (guard.frames(), guard.data_bytes(), guard.has_settings(), guard.arriving()));
        let is_idle = self.streams.is_empty() && self.waiting.is_none();
        self.streams.trim();
        clocks.idle = is_idle.then(|| clocks.idle.unwrap_or(now));
        clocks.begun =
            arriving.map(|frame| clocks.begun.filter(|begun| begun.0 == frame).unwrap_or((frame, now)));
        clocks.stalled = is_stuck.then(|| clocks.stalled.unwrap_or(now));

        let timeouts = &self.config.timeouts;
        let after = |since: Option<Instant>, timeout: Option<_>| since?.checked_add(timeout?);
        let head = after((!has_settings).then_some(clocks.accepted), timeouts.head);
        let idle = after(clocks.idle.filter(|_| has_settings), timeouts.idle);
        let begun = after(clocks.begun.filter(|_| has_settings).map(|(_, since)| since), timeouts.head);
        let age = after((!self.is_leaving).then_some(clocks.accepted), timeouts.connection_age);
        let write = after(clocks.stalled, timeouts.write);
        let pulse = match &mut clocks.keep_alive {
            Some(keep_alive) => match keep_alive.poll(frames, now, cx) {
                Pulse::Alive(next) => next,
                Pulse::Dead => return Poll::Ready(Err(Error::new(Kind::Timeout(Timeout::KeepAlive)))),
            },
            None => None,
        };
        if let (Some(keep_alive), State::Serving(connection)) = (&mut clocks.keep_alive, &mut self.state)
            && let Some(window) = keep_alive.measure(data_bytes, now, cx)
            // It fails while the settings before are not acknowledged; then it is for a later turn.
            && connection.set_initial_window_size(window).is_ok()
        {
            connection.set_target_window_size(window);
            keep_alive.settle();
            cx.waker().wake_by_ref();
        }
        let due = [head, idle, begun, age, write, pulse].into_iter().flatten().min();
        if clocks.deadline.poll(due, cx).is_pending() {
            return Poll::Pending;
        }
        if due == write {
            return Poll::Ready(Err(Error::new(Kind::Timeout(Timeout::Write))));
        }
        if due == head {
            self.guest.note(&ServerEvent::TimedOut(Timeout::Head));
            return Poll::Ready(Ok(()));
        }
        if due == age {
            self.leave();
        }
        if let State::Serving(connection) = &mut self.state {
            if due == begun {
                self.guest.note(&ServerEvent::TimedOut(Timeout::Head));
                connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM.code().into());
            } else if due == idle {
                self.guest.note(&ServerEvent::TimedOut(Timeout::Idle));
                connection.abrupt_shutdown(Reason::NO_ERROR.code().into());
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<Io, S, B> Future for Connection<Io, S, B>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: http_body::Body,
    B::Data: Buf,
    B::Error: Into<BoxError>,
{
    type Output = Result<(), Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let me = self.get_mut();
        let polled = me.poll_turn(cx.waker());
        if let Some(counted) = me.guest.counted() {
            let (bytes_in, bytes_out) = me.wire.traffic();
            counted.publish(me.requests, bytes_in, bytes_out);
            if let Poll::Ready(Err(error)) = &polled
                && let Some(event) = ServerEvent::of(error)
            {
                counted.note(&event);
            }
        }
        polled
    }
}

// Nothing in it is pinned in place: what must not move lies in slots.
impl<Io, S, B> Unpin for Connection<Io, S, B> where S: Service<Request<Body>> {}
