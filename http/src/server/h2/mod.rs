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
//! 2. Between the last round of a turn and its end, all that the engine has to write has been handed to the socket.
//! 3. While the peer takes nothing of what is written, no further request is taken from it.

mod stream;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::Buf;
use http::header::HeaderValue;
use http::{Method, Request, Response, StatusCode, Version};
use minato_runtime::io::{AsyncRead, AsyncWrite};
use minato_service::BoxError;
use tower_service::Service;

use self::stream::Stream;
use crate::body::{Body, BodyLimits, H2Body};
use crate::clock::{Deadline, Instant};
use crate::conn_info::{ConnInfo, Protocol};
use crate::error::{Error, Initiator, Kind, Reset, Scope, Sent, Timeout};
use crate::h1::Date;
use crate::h2::{
    Arrived, Ended, EngineConfig, Estimator, Incoming, KeepAlive, Link, Pulse, RecvHalf, Role, SendHalf,
    StreamSet, Turn, WINDOW_MAX, Wire,
};
use crate::input::Input;
use crate::limits::{self, BURST_REST, LINGER_BYTES, LINGER_TIME, READS_PER_ROUND, ROUNDS_PER_TURN};
use crate::reason::Reason;
use crate::server::config::{ConnectionInfo, ServerConfig};
use crate::server::shutdown::{Guest, Stage};
use crate::server::stats::{Counted, ServerEvent, Violation};
use crate::server::watch::{Live, Order, Watch};
use crate::upgrade::{self, ConnectProtocol};

/// One HTTP/2 connection, served.
#[must_use = "futures do nothing unless polled"]
pub(crate) struct Connection<Io, S, B>
where
    S: Service<Request<Body>>,
{
    state: State,
    wire: Wire<Io>,
    link: Link,
    service: S,
    streams: StreamSet<Stream<S::Future, B>>,
    /// A request that waits for the service to be ready for it.
    waiting: Option<Incoming>,
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

enum State {
    Serving,
    /// What is to be said last is being written; then this is the outcome.
    Closing(Option<Error>),
    /// All is said, and our side has ended. What still arrives is thrown away: closing with bytes that nobody has read
    /// would reset the connection, and could destroy what is on its way to the peer. One that broke the rules is not waited
    /// for.
    Lingering {
        left: u64,
        began: Instant,
        quiet: Instant,
    },
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
    /// Times the peer has broken the rules of a stream, as far as they are told.
    faults: u64,
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
        let turn = Turn::new();
        let wire = Wire::new(io, input, Role::Server, engine_config(&config), Arc::clone(&turn));
        let link = wire.link().clone();
        let clocks = Clocks {
            deadline: Deadline::default(),
            accepted,
            idle: None,
            begun: None,
            stalled: None,
            faults: 0,
            earned: accepted,
            keep_alive: keep_alive(&config, &link),
        };
        Self {
            state: State::Serving,
            wire,
            link,
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
        self.link.with(|engine| engine.wake_up());
        let waker = self.turn_waker.clone();
        let cx = &mut Context::from_waker(&waker);
        self.refresh_date();
        for _ in 0..ROUNDS_PER_TURN {
            self.poll_streams(cx);
            if self.turn.take_notified() {
                continue;
            }
            if let Poll::Ready(ended) = self.poll_clocks(cx) {
                return Poll::Ready(ended);
            }
            if self.link.with(|engine| !engine.grant() && engine.sleep()) && self.turn.end() {
                return Poll::Pending;
            }
        }
        // Others have their turn; what is ready here is looked at in the next.
        let _ = self.poll_write(cx)?;
        task.wake_by_ref();
        Poll::Pending
    }

    /// Takes in what has arrived, and polls what is ready.
    fn poll_streams(&mut self, cx: &mut Context<'_>) {
        let mut reads = 0;
        while let State::Serving = self.state {
            self.start_incoming(cx);
            if reads == READS_PER_ROUND {
                self.turn.wake_by_ref();
                break;
            }
            reads += 1;
            match self.wire.poll_read(cx) {
                Poll::Ready(Ok(Arrived::Something)) => {}
                Poll::Ready(Ok(Arrived::End)) => self.lose(std::io::ErrorKind::UnexpectedEof, None),
                Poll::Ready(Err(error)) => {
                    self.lose(error.kind(), Some(Error::io(Sent::Something, error)));
                }
                Poll::Pending => break,
            }
            self.look_for_end();
        }
        self.streams.poll_woken();
    }

    /// Hands over the requests that have arrived, as far as there is room for them.
    fn start_incoming(&mut self, cx: &mut Context<'_>) {
        let streams_max = self.config.http2.max_concurrent_streams as usize;
        loop {
            if self.waiting.is_none() && self.streams.len() < streams_max {
                self.waiting = self.link.with(|engine| engine.pop_incoming());
            }
            if self.waiting.is_none() {
                return;
            }
            match self.service.poll_ready(cx) {
                Poll::Ready(Ok(())) => self.start(),
                Poll::Ready(Err(_)) => self.refuse_waiting(),
                Poll::Pending => return,
            }
        }
    }

    /// The connection is lost.
    fn lose(&mut self, kind: std::io::ErrorKind, error: Option<Error>) {
        self.link.with(|engine| engine.handle_lost(kind));
        self.state = State::Closing(error);
    }

    /// Closes the connection once there is nothing left to do on it.
    fn look_for_end(&mut self) {
        let State::Serving = self.state else { return };
        let (ended, has_left, peer_goaway) =
            self.link.with(|engine| (engine.ended(), engine.has_left(), engine.peer_goaway()));
        let is_done = self.streams.is_empty() && self.waiting.is_none();
        match ended {
            // What is idle for too long is let go without an error.
            Some(Ended::Connection { reason: Reason::NO_ERROR, .. }) => self.state = State::Closing(None),
            Some(ended) => self.state = State::Closing(Some(ended.into())),
            None if has_left && is_done => {
                let reason = peer_goaway.filter(|reason| *reason != Reason::NO_ERROR);
                let reset = |reason| Reset { reason, initiator: Initiator::Remote, scope: Scope::Connection };
                self.state = State::Closing(reason.map(|reason| Error::new(Kind::Reset(reset(reason)))));
            }
            None => {}
        }
    }

    /// Hands the waiting request to the service, and polls its handler for the first time.
    fn start(&mut self) {
        let Some(Incoming { key, id, head, is_end }) = self.waiting.take() else { return };
        let mut respond = SendHalf::new(self.link.clone(), key, id);
        self.requests += 1;
        // A handler that answers at once leaves no trace of its request when the clocks are looked at.
        self.clocks.idle = None;
        if self.config.limits.requests_per_connection.is_some_and(|most| self.requests >= most) {
            self.leave();
        }
        if let (Some(length), Some(limit)) = (head.content_length, self.config.limits.body_bytes)
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
        let reader: Option<RecvHalf> = (!is_end).then(|| respond.reader());
        let (body, tunnel) = match reader {
            // RFC 9113 §8.5: what follows the head of a CONNECT is the tunnel, and no body.
            reader if method == Method::CONNECT => (Body::empty(), reader),
            Some(reader) => {
                let body = H2Body::new(reader, head.content_length).limited(BodyLimits::of(&self.config));
                (Body::from_h2(body), None)
            }
            None => (Body::empty(), None),
        };
        let mut request = Request::new(body);
        *request.method_mut() = head.method;
        *request.uri_mut() = head.uri;
        *request.version_mut() = Version::HTTP_2;
        *request.headers_mut() = head.headers;
        let extensions = request.extensions_mut();
        if let Some(protocol) = head.protocol
            && let Ok(protocol) = std::str::from_utf8(&protocol)
        {
            extensions.insert(ConnectProtocol::new(protocol));
        }
        let tunnel = tunnel.map(|recv| Box::new((recv, upgrade::offer(extensions))));
        let mut live = None;
        if self.config.connection_info == ConnectionInfo::Insert {
            let exchange = u64::from(id);
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
            Err(_) => respond.reset(Reason::INTERNAL_ERROR),
        }
    }

    /// Tells the peer to open no further streams, and closes when those that are open have ended.
    fn leave(&mut self) {
        self.is_leaving = true;
        self.link.with(|engine| engine.leave());
    }

    fn refuse_waiting(&mut self) {
        if let Some(Incoming { key, id, .. }) = self.waiting.take() {
            let mut respond = SendHalf::new(self.link.clone(), key, id);
            self.refuse(&mut respond, StatusCode::INTERNAL_SERVER_ERROR);
        }
    }

    /// Answers a request that no handler sees.
    fn refuse(&self, respond: &mut SendHalf, status: StatusCode) {
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
        match self.wire.poll_write(cx, &mut progress) {
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

    /// Throws away what arrives, until the peer has ended its side too. One that still says what it has read has not read
    /// all of it, and is given more time.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let is_cut = loop {
            match self.guest.poll_changed(cx) {
                Poll::Ready(Stage::Aborting) => break true,
                Poll::Ready(_) => {}
                Poll::Pending => break false,
            }
        };
        let State::Lingering { left, began, quiet } = &mut self.state else { return Poll::Pending };
        let is_over = loop {
            if *left == 0 || is_cut {
                break true;
            }
            match self.wire.poll_discard(cx) {
                Poll::Ready(0) => break true,
                Poll::Ready(len) => {
                    *left = left.saturating_sub(len);
                    *quiet = Instant::now();
                }
                Poll::Pending => {
                    let most = self.config.timeouts.write.unwrap_or(limits::WRITE_TIMEOUT);
                    let due = [quiet.checked_add(LINGER_TIME), began.checked_add(most)];
                    break self.clocks.deadline.poll(due.into_iter().flatten().min(), cx).is_ready();
                }
            }
        };
        if is_over { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Writes, and looks at the clocks and at what the server asks for.
    fn poll_clocks(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if let State::Lingering { .. } = self.state {
            return self.poll_linger(cx);
        }
        self.look_for_end();
        let is_stuck = self.poll_write(cx)?.is_pending();
        if let State::Closing(error) = &mut self.state
            && !is_stuck
        {
            let outcome = error.take();
            match self.wire.poll_shutdown(cx) {
                Poll::Ready(Ok(())) if outcome.is_none() => {
                    let now = Instant::now();
                    self.state = State::Lingering { left: LINGER_BYTES, began: now, quiet: now };
                    return self.poll_linger(cx);
                }
                // The peer has gone: there is nobody to linger for.
                Poll::Ready(_) => return Poll::Ready(outcome.map_or(Ok(()), Err)),
                Poll::Pending => {
                    self.state = State::Closing(outcome);
                    return Poll::Pending;
                }
            }
        }
        match self.guest.poll_changed(cx) {
            Poll::Ready(Stage::Aborting) => {
                self.guest.mark_cut();
                return Poll::Ready(Ok(()));
            }
            Poll::Ready(_) => {
                if !self.link.with(|engine| engine.has_settings()) {
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
        }
        let is_serving = matches!(self.state, State::Serving);
        let is_idle = self.streams.is_empty() && self.waiting.is_none();
        let rested = |since| now.saturating_duration_since(since) >= BURST_REST;
        let is_rested = is_idle && clocks.idle.is_some_and(rested);
        if is_rested {
            self.streams.trim();
        }
        let mut has_slack = self.streams.has_slack();
        let (frames, faults, data_bytes, has_settings, arriving, open) = self.link.with(|engine| {
            engine.handle_seconds(earned);
            if is_rested {
                engine.trim();
            }
            has_slack |= engine.has_slack();
            let (frames, faults, data_bytes) = (engine.frames(), engine.faults(), engine.data_bytes());
            (frames, faults, data_bytes, engine.has_settings(), self.wire.arriving(engine), engine.open())
        });
        // A body may outlive its handler.
        let is_idle = is_idle && open == 0;
        clocks.idle = is_idle.then(|| clocks.idle.unwrap_or(now));
        for _ in clocks.faults..faults {
            self.guest.note(&ServerEvent::Violated(Violation::Http2));
        }
        clocks.faults = faults;
        clocks.begun =
            arriving.map(|frame| clocks.begun.filter(|begun| begun.0 == frame).unwrap_or((frame, now)));
        clocks.stalled = is_stuck.then(|| clocks.stalled.unwrap_or(now));

        let timeouts = &self.config.timeouts;
        let after = |since: Option<Instant>, timeout: Option<_>| since?.checked_add(timeout?);
        // A connection that is closing waits for nothing but its last bytes to be written.
        let head = after((!has_settings).then_some(clocks.accepted), timeouts.head);
        let idle = after(clocks.idle.filter(|_| has_settings && is_serving), timeouts.idle);
        let begun =
            after(clocks.begun.filter(|_| has_settings && is_serving).map(|(_, since)| since), timeouts.head);
        let rest = after(clocks.idle.filter(|_| has_slack), Some(BURST_REST));
        let age = after((!self.is_leaving).then_some(clocks.accepted), timeouts.connection_age);
        let write = after(clocks.stalled, timeouts.write);
        let pulse = match &mut clocks.keep_alive {
            Some(keep_alive) => match keep_alive.poll(frames, now, cx) {
                Pulse::Alive(next) => next,
                Pulse::Dead => return Poll::Ready(Err(give_up(&self.link, Timeout::KeepAlive))),
            },
            None => None,
        };
        if let Some(keep_alive) = &mut clocks.keep_alive
            && let Some(window) = keep_alive.measure(data_bytes, now, cx)
            // It fails while the settings before are not acknowledged; then it is for a later turn.
            && self.link.with(|engine| engine.set_windows(window))
        {
            keep_alive.settle();
            cx.waker().wake_by_ref();
        }
        let due = [head, idle, begun, rest, age, write, pulse].into_iter().flatten().min();
        if clocks.deadline.poll(due, cx).is_pending() {
            return Poll::Pending;
        }
        if due == write {
            return Poll::Ready(Err(give_up(&self.link, Timeout::Write)));
        }
        if due == head {
            self.guest.note(&ServerEvent::TimedOut(Timeout::Head));
            return Poll::Ready(Ok(()));
        }
        if due == age {
            self.leave();
        }
        if due == begun {
            self.guest.note(&ServerEvent::TimedOut(Timeout::Head));
            self.link.with(|engine| engine.abort(Reason::ENHANCE_YOUR_CALM));
        } else if due == idle {
            self.guest.note(&ServerEvent::TimedOut(Timeout::Idle));
            self.link.with(|engine| engine.abort(Reason::NO_ERROR));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Ends a connection whose clock has run out, and all that is open on it.
fn give_up(link: &Link, timeout: Timeout) -> Error {
    link.with(|engine| engine.handle_timeout(timeout));
    Error::new(Kind::Timeout(timeout))
}

/// What the engine is to know of the knobs.
fn engine_config(config: &ServerConfig) -> EngineConfig {
    let knobs = &config.http2;
    EngineConfig {
        stream_window: knobs.stream_window,
        connection_window: knobs.connection_window,
        max_frame_size: knobs.max_frame_size,
        max_header_list_size: knobs.max_header_list_size,
        header_fields: config.limits.head_fields,
        header_table_size: knobs.header_table_size,
        max_concurrent_streams: knobs.max_concurrent_streams,
        initial_max_send_streams: 0,
        extended_connect: knobs.extended_connect,
        send_bytes_max: knobs.max_send_buffer_size,
        reset_streams_max: knobs.max_concurrent_reset_streams,
        unseen_resets_max: knobs.max_pending_accept_reset_streams,
        local_error_resets_max: u32::try_from(knobs.max_local_error_reset_streams).unwrap_or(u32::MAX),
        short_data_max: knobs.data_frame_budget,
        control_frames: knobs.control_frame_budget,
    }
}

/// The PINGs that the knobs ask for.
fn keep_alive(config: &ServerConfig, link: &Link) -> Option<KeepAlive> {
    let knobs = &config.http2;
    let estimator = knobs.adaptive_window.map(|most| {
        let window = knobs.stream_window.min(knobs.connection_window);
        Estimator::new(window, most.min(WINDOW_MAX))
    });
    (estimator.is_some() || knobs.keep_alive_interval.is_some()).then(|| {
        let interval = knobs.keep_alive_interval.unwrap_or(Duration::MAX);
        let timeout = knobs.keep_alive_timeout;
        KeepAlive::new(link.clone(), interval, timeout, Instant::now()).measuring(estimator)
    })
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

impl<Io, S, B> Drop for Connection<Io, S, B>
where
    S: Service<Request<Body>>,
{
    fn drop(&mut self) {
        // Whoever has taken a body or a tunnel elsewhere waits for nothing any more.
        self.link.with(|engine| engine.handle_lost(std::io::ErrorKind::BrokenPipe));
    }
}

// Nothing in it is pinned in place: what must not move lies in slots.
impl<Io, S, B> Unpin for Connection<Io, S, B> where S: Service<Request<Body>> {}
