//! HTTP/2 connections of a client: one task each, shared by all exchanges with a host.
//!
//! The task moves bytes and polls uploads that have to wait for their body or for window. Heads and short bodies are given
//! to the engine by whoever makes the request, and responses are read by whoever wants them.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, Method, Request, Response, Uri, Version};
use http_body::Body as _;
use minato_runtime::sync::SetOnce;

use super::config::{ClientConfig, ClientHttp2Config, ClientTimeouts};
use super::connect::{BoxIo, Connected};
use super::informational::OnInformational;
use super::send::within;
use crate::body::{Body, H2Body};
use crate::buffers;
use crate::clock::{Deadline, Instant};
use crate::conn_info::{ConnInfo, Protocol};
use crate::error::{Error, Kind, Sent, Timeout};
use crate::h2::{
    Arrived, Ended, EngineConfig, KeepAlive, Link, Load, Opening, Pulse, Pump, RecvHalf, RequestPseudo,
    ResponseHead, Role, SendHalf, StreamSet, Ticket, Turn, Wire, cancellation,
};
use crate::input::Input;
use crate::limits::{
    BURST_REST, HEAD_FIELDS, LOCAL_ERROR_RESET_STREAMS, READS_PER_ROUND, RESET_STREAMS, ROUNDS_PER_TURN,
};
use crate::reason::Reason;
use crate::upgrade::{self, ConnectProtocol, Open, Tunnel, Upgraded};

/// A connection, as its exchanges hold it.
#[derive(Clone)]
pub(super) struct Handle {
    link: Link,
    load: Load,
    uploads: Arc<Uploads>,
    settled: Arc<SetOnce<()>>,
    made: Instant,
    timeouts: Patience,
    /// What is known of the connection.
    info: Arc<ConnInfo>,
}

/// RFC 9113 §6.5.2: what the header table is if nobody says otherwise.
const HEADER_TABLE_BYTES: u32 = 4096;

/// How long a server may take.
#[derive(Debug, Clone, Copy)]
struct Patience {
    head: Option<Duration>,
    body: Option<Duration>,
    write: Option<Duration>,
}

/// A body on its way to the server. One that panics ends its stream, and nothing else of the connection.
struct Upload(Pin<Box<Pump<Body>>>);

impl Future for Upload {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let pump = &mut self.0;
        catch_unwind(AssertUnwindSafe(|| pump.as_mut().poll(cx))).unwrap_or_else(|_| {
            pump.as_mut().reset(Reason::CANCEL);
            Poll::Ready(())
        })
    }
}

/// Uploads on their way to the connection's task.
struct Uploads {
    queue: Mutex<Vec<Upload>>,
    turn: Arc<Turn>,
}

impl Uploads {
    fn queue(&self) -> MutexGuard<'_, Vec<Upload>> {
        self.queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Begins HTTP/2 on a connection, and spawns its task.
pub(super) fn handshake(connected: Connected, config: &ClientConfig) -> Handle {
    let Connected { io, info, .. } = connected;
    let knobs = &config.http2;
    let turn = Turn::new();
    let wire = Wire::new(io, Input::default(), Role::Client, engine_config(knobs), Arc::clone(&turn));
    let uploads = Arc::new(Uploads { queue: Mutex::default(), turn: Arc::clone(&turn) });
    let load = Load::new(Arc::clone(&turn));
    let settled = Arc::new(SetOnce::new());
    let ClientTimeouts { head, body, write, .. } = config.timeouts;
    let handle = Handle {
        link: wire.link().clone(),
        load: load.clone(),
        uploads: Arc::clone(&uploads),
        settled: Arc::clone(&settled),
        made: Instant::now(),
        timeouts: Patience { head, body, write },
        info: Arc::new(info.speaking(Protocol::Http2)),
    };
    let mut task = Connection::new(wire, turn, uploads, load, knobs, config.pool.idle_timeout);
    task.settled = settled;
    task.ages_at = config.pool.max_age.and_then(|age| handle.made.checked_add(age));
    drop(minato_runtime::spawn(task));
    handle
}

/// What the engine is to know of the knobs.
fn engine_config(knobs: &ClientHttp2Config) -> EngineConfig {
    EngineConfig {
        stream_window: knobs.stream_window,
        connection_window: knobs.connection_window,
        max_frame_size: knobs.max_frame_size,
        max_header_list_size: knobs.max_header_list_size,
        header_fields: HEAD_FIELDS,
        header_table_size: HEADER_TABLE_BYTES,
        max_concurrent_streams: 0,
        initial_max_send_streams: knobs.initial_max_send_streams,
        extended_connect: false,
        send_bytes_max: knobs.max_send_buffer_size,
        reset_streams_max: RESET_STREAMS,
        unseen_resets_max: usize::MAX,
        local_error_resets_max: LOCAL_ERROR_RESET_STREAMS as u32,
        short_data_max: None,
        control_frames: knobs.control_frame_budget,
    }
}

impl Handle {
    /// Exchanges that have not ended.
    pub(super) fn open(&self) -> usize {
        self.load.open()
    }

    /// Whether another stream can be opened at once.
    pub(super) fn has_room(&self) -> bool {
        self.load.open() < self.link.with(|engine| engine.streams_max())
    }

    pub(super) fn is_closed(&self) -> bool {
        self.load.is_closed()
    }

    pub(super) fn made(&self) -> Instant {
        self.made
    }

    pub(super) fn info(&self) -> &Arc<ConnInfo> {
        &self.info
    }

    /// Lets no further exchange begin.
    pub(super) fn retire(&self) {
        self.load.close();
    }

    /// Lets no further exchange begin, if none is open.
    pub(super) fn close_if_idle(&self) {
        self.load.close_if_idle();
    }

    /// Counts an exchange in, unless the connection is closed.
    pub(super) fn begin(&self) -> Option<Ticket> {
        self.load.begin()
    }

    /// Sends a request, and waits for the head of its response. The server must take another stream by `place_due`.
    pub(super) async fn request(
        &mut self,
        mut ticket: Ticket,
        request: Request<Body>,
        place_due: Option<Instant>,
    ) -> Result<Response<Body>, Error> {
        let (mut head, body) = request.into_parts();
        head.version = Version::HTTP_2;
        // RFC 9113 §8.3.1: `:authority` is used instead of Host.
        head.headers.remove(HOST);
        let is_connect = head.method == Method::CONNECT;
        let early = head.extensions.remove::<OnInformational>();
        let protocol = head.extensions.remove::<ConnectProtocol>();
        let head_due = self.timeouts.head.and_then(|timeout| Instant::now().checked_add(timeout));
        if protocol.is_some() {
            let settled = async { Ok::<_, Error>(self.settled.wait().await) };
            within(head_due, Timeout::Head, settled).await?;
            if !self.link.with(|engine| engine.takes_extended_connect()) {
                return Err(Error::new(Kind::User("the server takes no CONNECT with a protocol")));
            }
        }
        // What follows the head of a CONNECT is the tunnel, and no body.
        let is_end = body.is_end_stream() && !is_connect;
        // A length that the body contradicts would be believed by whoever passes the request on.
        if let Some(length) = body.size_hint().exact()
            && (length > 0 || head.headers.contains_key(CONTENT_LENGTH))
        {
            head.headers.insert(CONTENT_LENGTH, buffers::length_value(length));
        }
        let pseudo = pseudo(&head.method, &head.uri, protocol.as_ref());
        let opening = self.open_stream(&pseudo, &head.headers, is_end, early.is_some());
        let (stream, mut recv) =
            within(place_due, Timeout::PoolWait, within(head_due, Timeout::Head, opening)).await?;
        if is_connect {
            let (mut head, _) = self.answer(&mut recv, early, || false).await?;
            if head.status.is_success() {
                let tunnel = Tunnel::new(recv, stream, Open::Counted { _ticket: ticket });
                // It waits among the extensions; a response that is dropped resets the stream.
                let _ = upgrade::offer(&mut head.extensions).send(Upgraded::tunnel(tunnel));
                return Ok(Response::from_parts(head, Body::empty()));
            }
            let body = H2Body::new(recv, None).with_ticket(ticket).with_patience(self.timeouts.body);
            return Ok(Response::from_parts(head, Body::from_h2(body)));
        }
        if is_end {
            drop(stream);
        } else {
            let (cancel, canceled) = cancellation();
            ticket.set_cancel(cancel);
            let pump = Pump::new(body, stream).canceled_by(canceled).window_timeout(self.timeouts.write);
            self.upload(Upload(Box::pin(pump)));
        }
        let (head, length) = self.answer(&mut recv, early, || ticket.is_uploading()).await?;
        let body = match recv.is_end_stream() {
            true => {
                ticket.complete();
                Body::empty()
            }
            false => {
                let body = H2Body::new(recv, length).with_ticket(ticket).with_patience(self.timeouts.body);
                Body::from_h2(body)
            }
        };
        Ok(Response::from_parts(head, body))
    }

    /// Waits for the head of a response, for as long as the server may take once it has the request.
    async fn answer(
        &self,
        response: &mut RecvHalf,
        early: Option<OnInformational>,
        is_uploading: impl Fn() -> bool,
    ) -> Result<(http::response::Parts, Option<u64>), Error> {
        let mut deadline = Deadline::default();
        let mut due = None;
        let heard = self.load.heard();
        poll_fn(|cx| {
            loop {
                while let Some(told) = &early
                    && let Some(head) = response.take_informational()
                {
                    told.tell(as_response(head));
                }
                if let Poll::Ready(answered) = response.poll_response(cx) {
                    return Poll::Ready(answered.map_err(Error::from).map(|answer| {
                        let length = answer.content_length;
                        (as_response(answer).into_parts().0, length)
                    }));
                }
                let (Some(timeout), None) = (self.timeouts.head, due) else {
                    std::task::ready!(deadline.poll(due, cx));
                    if !is_uploading() {
                        // A server that has said nothing at all meanwhile is no place for the next request.
                        if self.load.heard() == heard {
                            self.load.close();
                        }
                        return Poll::Ready(Err(Error::new(Kind::Timeout(Timeout::Head))));
                    }
                    due = None;
                    continue;
                };
                due = Instant::now().checked_add(timeout);
                if due.is_none() {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    /// Opens a stream with the head of a request, once the server takes another one.
    async fn open_stream(
        &self,
        pseudo: &RequestPseudo<'_>,
        headers: &HeaderMap,
        is_end: bool,
        wants_early: bool,
    ) -> Result<(SendHalf, RecvHalf), Error> {
        let mut opening = Opening::new(self.link.clone(), wants_early);
        poll_fn(|cx| opening.poll(pseudo, headers, is_end, cx)).await.map_err(|ended| {
            // No exchange will succeed here any more, and this one has not begun.
            self.load.close();
            match ended {
                Ended::Lost(kind) => Error::io(Sent::Nothing, kind.into()),
                // Of this one nothing has left, whatever befell the others.
                Ended::TimedOut(_) => Error::io(Sent::Nothing, std::io::ErrorKind::TimedOut.into()),
                Ended::Stream { .. } | Ended::Connection { .. } => ended.into(),
            }
        })
    }

    /// Sends what is here of a body at once, and leaves the rest to the connection's task.
    fn upload(&self, mut upload: Upload) {
        // Its wakers are those of the connection's task, which polls it again before it waits.
        if Pin::new(&mut upload).poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            self.uploads.queue().push(upload);
            self.uploads.turn.wake_by_ref();
        }
    }
}

/// The task of a connection.
struct Connection {
    wire: Wire<BoxIo>,
    link: Link,
    streams: StreamSet<Upload>,
    uploads: Arc<Uploads>,
    load: Load,
    /// Set once the server's settings are known, or never will be.
    settled: Arc<SetOnce<()>>,
    turn: Arc<Turn>,
    turn_waker: Waker,
    keep_alive: Option<KeepAlive>,
    idle_timeout: Duration,
    idle_since: Option<Instant>,
    /// When it is too old for another exchange.
    ages_at: Option<Instant>,
    deadline: Deadline,
    earned: Instant,
}

impl Connection {
    fn new(
        wire: Wire<BoxIo>,
        turn: Arc<Turn>,
        uploads: Arc<Uploads>,
        load: Load,
        knobs: &ClientHttp2Config,
        idle_timeout: Duration,
    ) -> Self {
        let now = Instant::now();
        let link = wire.link().clone();
        let keep_alive = knobs
            .keep_alive_interval
            .map(|interval| KeepAlive::new(link.clone(), interval, knobs.keep_alive_timeout, now));
        Self {
            wire,
            link,
            streams: StreamSet::new(Arc::clone(&turn)),
            uploads,
            load,
            settled: Arc::default(),
            turn_waker: Waker::from(Arc::clone(&turn)),
            turn,
            keep_alive,
            idle_timeout,
            idle_since: None,
            ages_at: None,
            deadline: Deadline::default(),
            earned: now,
        }
    }

    fn poll_turn(&mut self, task: &Waker) -> Poll<Result<(), Error>> {
        self.turn.begin(task);
        self.link.with(|engine| engine.wake_up());
        let waker = self.turn_waker.clone();
        let cx = &mut Context::from_waker(&waker);
        for _ in 0..ROUNDS_PER_TURN {
            let read = self.poll_input(cx);
            if !self.settled.initialized() && self.link.with(|engine| engine.has_settings()) {
                let _ = self.settled.set(());
            }
            let arrived = std::mem::take(&mut *self.uploads.queue());
            for upload in arrived {
                self.streams.start(upload);
            }
            self.streams.poll_woken();
            if let Poll::Ready(ended) = read {
                // What is to be said last, if the server takes it at once: nobody waits for it.
                let _ = self.wire.poll_shutdown(cx);
                return Poll::Ready(ended);
            }
            if self.turn.take_notified() {
                continue;
            }
            let is_written = self
                .wire
                .poll_write(cx, &mut false)
                .map_err(|error| self.lose(error.kind(), Error::io(Sent::Something, error)))?
                .is_ready();
            if is_written && self.is_over() {
                self.say_goodbye(cx);
                return Poll::Ready(Ok(()));
            }
            if let Poll::Ready(ended) = self.poll_clocks(cx) {
                return Poll::Ready(ended);
            }
            if self.link.with(|engine| !engine.grant() && engine.sleep()) && self.turn.end() {
                return Poll::Pending;
            }
        }
        let _ = self.wire.poll_write(cx, &mut false).map_err(|error| Error::io(Sent::Something, error))?;
        task.wake_by_ref();
        Poll::Pending
    }

    /// Takes in what has arrived; ready once the connection is over.
    fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        for _ in 0..READS_PER_ROUND {
            let (ended, has_left, refusal) =
                self.link.with(|engine| (engine.ended(), engine.has_left(), engine.refusal()));
            if refusal.is_some() {
                self.load.close();
            }
            match ended {
                Some(ended) => return Poll::Ready(Err(ended.into())),
                None if has_left => return Poll::Ready(Ok(())),
                None => {}
            }
            match std::task::ready!(self.wire.poll_read(cx)) {
                Ok(Arrived::Something) => {}
                Ok(Arrived::End) => {
                    self.link.with(|engine| engine.handle_lost(std::io::ErrorKind::UnexpectedEof));
                }
                Err(error) => {
                    let kind = error.kind();
                    return Poll::Ready(Err(self.lose(kind, Error::io(Sent::Something, error))));
                }
            }
        }
        self.turn.wake_by_ref();
        Poll::Pending
    }

    fn lose(&self, kind: std::io::ErrorKind, error: Error) -> Error {
        self.link.with(|engine| engine.handle_lost(kind));
        error
    }

    /// Whether no exchange is open, and none will begin.
    fn is_over(&self) -> bool {
        self.load.is_closed() && self.load.open() == 0 && self.streams.is_empty()
    }

    /// Ends the connection with GOAWAY, if the server takes it at once: nobody waits for it.
    fn say_goodbye(&mut self, cx: &mut Context<'_>) {
        self.link.with(|engine| engine.abort(Reason::NO_ERROR));
        let _ = self.wire.poll_shutdown(cx);
    }

    fn poll_clocks(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let now = Instant::now();
        let earned = now.saturating_duration_since(self.earned).as_secs();
        if earned > 0 {
            self.earned = now;
        }
        let is_idle = self.load.open() == 0;
        self.idle_since = is_idle.then(|| self.idle_since.unwrap_or(now));
        let is_rested =
            self.idle_since.is_some_and(|since| now.saturating_duration_since(since) >= BURST_REST);
        if is_rested {
            self.streams.trim();
        }
        let mut has_slack = self.streams.has_slack();
        let frames = self.link.with(|engine| {
            engine.handle_seconds(earned);
            if is_rested {
                engine.trim();
            }
            has_slack |= engine.has_slack();
            engine.frames()
        });
        self.load.hear(frames);
        let rest = self.idle_since.filter(|_| has_slack).and_then(|since| since.checked_add(BURST_REST));
        let age = self.ages_at.filter(|_| is_idle && self.streams.is_empty());
        let idle = self.idle_since.and_then(|since| since.checked_add(self.idle_timeout));
        let pulse = match &mut self.keep_alive {
            Some(keep_alive) if !is_idle => match keep_alive.poll(frames, now, cx) {
                Pulse::Alive(next) => next,
                Pulse::Dead => {
                    self.link.with(|engine| engine.handle_timeout(Timeout::KeepAlive));
                    return Poll::Ready(Err(Error::new(Kind::Timeout(Timeout::KeepAlive))));
                }
            },
            _ => None,
        };
        let due = [idle, age, rest, pulse].into_iter().flatten().min();
        if self.deadline.poll(due, cx).is_pending() {
            return Poll::Pending;
        }
        if (due == idle || due == age) && self.load.close_if_idle() {
            self.say_goodbye(cx);
            return Poll::Ready(Ok(()));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Future for Connection {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_turn(cx.waker())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.load.close();
        // Whoever still waits for something of it waits in vain.
        self.link.with(|engine| engine.handle_lost(std::io::ErrorKind::BrokenPipe));
        let _ = self.settled.set(());
    }
}

fn as_response(head: ResponseHead) -> Response<()> {
    let mut response = Response::new(());
    *response.version_mut() = Version::HTTP_2;
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    response
}

/// What stands before the fields of a request (RFC 9113 §8.3.1, §8.5; RFC 8441 §4).
fn pseudo<'a>(method: &'a Method, uri: &'a Uri, protocol: Option<&'a ConnectProtocol>) -> RequestPseudo<'a> {
    let is_tunnel = *method == Method::CONNECT && protocol.is_none();
    let path = match uri.path_and_query().map(|path| path.as_str()) {
        // RFC 9113 §8.3.1: OPTIONS of a whole server asks for `*`.
        None | Some("" | "/") if *method == Method::OPTIONS && uri.path_and_query().is_none() => "*",
        None | Some("") => "/",
        Some(path) => path,
    };
    RequestPseudo {
        method,
        scheme: (!is_tunnel).then(|| uri.scheme_str().unwrap_or("http")),
        authority: uri.authority().map(|authority| authority.as_str()),
        path: (!is_tunnel).then_some(path),
        protocol: protocol.map(ConnectProtocol::as_str),
    }
}
