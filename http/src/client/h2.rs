//! HTTP/2 connections of a client: one task each, shared by all exchanges with a host.
//!
//! The task moves frames and polls uploads that have to wait for their body or for window. Heads and short bodies are
//! handed to h2 by whoever makes the request, and responses are read by whoever wants them.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST};
use http::{Method, Request, Response, Version};
use http_body::Body as _;
use minato_runtime::sync::SetOnce;

use super::config::{ClientConfig, ClientHttp2Config, ClientTimeouts};
use super::connect::{BoxIo, Connected};
use super::informational::OnInformational;
use crate::body::{Body, H2Body};
use crate::clock::{Deadline, Instant};
use crate::conn_info::{ConnInfo, Protocol};
use crate::error::{Error, Initiator, Kind, Reset, Scope, Sent, Timeout};
use crate::h2::{
    KeepAlive, Load, Pulse, Pump, Role, StreamSet, Ticket, Turn, Wire, cancellation, strip_connection_fields,
};
use crate::input::Input;
use crate::limits::ROUNDS_PER_TURN;
use crate::upgrade::{self, ConnectProtocol, Open, Tunnel, Upgraded};

/// A connection, as its exchanges hold it.
#[derive(Clone)]
pub(super) struct Handle {
    send: h2::client::SendRequest<Bytes>,
    load: Load,
    uploads: Arc<Uploads>,
    settled: Arc<SetOnce<()>>,
    made: Instant,
    timeouts: Patience,
    /// What is known of the connection.
    info: Arc<ConnInfo>,
}

/// How long a server may take.
#[derive(Debug, Clone, Copy)]
struct Patience {
    head: Option<Duration>,
    body: Option<Duration>,
    write: Option<Duration>,
}

type Upload = Pin<Box<Pump<Body>>>;

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
pub(super) async fn handshake(connected: Connected, config: &ClientConfig) -> Result<Handle, Error> {
    let Connected { io, info, .. } = connected;
    let knobs = &config.http2;
    let wire = Wire::new(io, Input::default(), Role::Client, knobs.control_frame_budget);
    let (send, connection) = h2::client::Builder::new()
        .initial_window_size(knobs.stream_window)
        .initial_connection_window_size(knobs.connection_window)
        .max_frame_size(knobs.max_frame_size)
        .max_header_list_size(knobs.max_header_list_size)
        .max_send_buffer_size(knobs.max_send_buffer_size)
        .initial_max_send_streams(knobs.initial_max_send_streams)
        .enable_push(false)
        .handshake(wire.clone())
        .await
        .map_err(Error::h2)?;
    let turn = Turn::new();
    let uploads = Arc::new(Uploads { queue: Mutex::default(), turn: Arc::clone(&turn) });
    let load = Load::default();
    let settled = Arc::new(SetOnce::new());
    let ClientTimeouts { head, body, write, .. } = config.timeouts;
    let handle = Handle {
        send,
        load: load.clone(),
        uploads: Arc::clone(&uploads),
        settled: Arc::clone(&settled),
        made: Instant::now(),
        timeouts: Patience { head, body, write },
        info: Arc::new(info.speaking(Protocol::Http2)),
    };
    let mut task = Connection::new(connection, wire, turn, uploads, load, knobs, config.pool.idle_timeout);
    task.settled = settled;
    drop(minato_runtime::spawn(task));
    Ok(handle)
}

impl Handle {
    /// Exchanges that have not ended.
    pub(super) fn open(&self) -> usize {
        self.load.open()
    }

    /// Whether another stream can be opened at once.
    pub(super) fn has_room(&self) -> bool {
        self.load.open() < self.send.current_max_send_streams()
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
    pub(super) fn close_if_idle(&self) -> bool {
        self.load.close_if_idle()
    }

    /// Counts an exchange in, unless the connection is closed.
    pub(super) fn begin(&self) -> Option<Ticket> {
        self.load.begin()
    }

    /// Waits until the server takes another stream.
    pub(super) async fn ready(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.send.poll_ready(cx)).await.map_err(|error| {
            // No exchange will succeed here any more, and this one has not begun.
            self.load.close();
            match error.is_io() {
                true => Error::with_source(Kind::Closed(Sent::Nothing), error),
                false => Error::h2(error),
            }
        })
    }

    /// Sends a request, and waits for the head of its response.
    pub(super) async fn request(
        &mut self,
        mut ticket: Ticket,
        request: Request<Body>,
    ) -> Result<Response<Body>, Error> {
        let (mut head, body) = request.into_parts();
        head.version = Version::HTTP_2;
        strip_connection_fields(&mut head.headers);
        // RFC 9113 §8.3.1: `:authority` is used instead of Host.
        head.headers.remove(HOST);
        let is_connect = head.method == Method::CONNECT;
        let early = head.extensions.remove::<OnInformational>();
        if let Some(protocol) = head.extensions.remove::<ConnectProtocol>() {
            self.settled.wait().await;
            if !self.send.is_extended_connect_protocol_enabled() {
                return Err(Error::new(Kind::User("the server takes no CONNECT with a protocol")));
            }
            head.extensions.insert(h2::ext::Protocol::from(protocol.as_str()));
        }
        // What follows the head of a CONNECT is the tunnel, and no body.
        let is_end = body.is_end_stream() && !is_connect;
        // A length that the body contradicts would be believed by whoever passes the request on.
        if let Some(length) = body.size_hint().exact()
            && (length > 0 || head.headers.contains_key(CONTENT_LENGTH))
        {
            head.headers.insert(CONTENT_LENGTH, length.into());
        }
        let (response, stream) =
            self.send.send_request(Request::from_parts(head, ()), is_end).map_err(Error::h2)?;
        if is_connect {
            let head = self.answer(response, early, || false).await?;
            let (mut head, recv) = head.into_parts();
            if head.status.is_success() {
                let tunnel = Tunnel::new(recv, stream, Open::Counted { _ticket: ticket });
                // It waits among the extensions; a response that is dropped resets the stream.
                let _ = upgrade::offer(&mut head.extensions).send(Upgraded::tunnel(tunnel));
                return Ok(Response::from_parts(head, Body::empty()));
            }
            let body = H2Body::new(recv, None).with_ticket(ticket).with_patience(self.timeouts.body);
            return Ok(Response::from_parts(head, Body::from_h2(body)));
        }
        if !is_end {
            let (cancel, canceled) = cancellation();
            ticket.set_cancel(cancel);
            let pump = Pump::new(body, stream).canceled_by(canceled).window_timeout(self.timeouts.write);
            self.upload(Box::pin(pump));
        }
        let (head, recv) = self.answer(response, early, || ticket.is_uploading()).await?.into_parts();
        let length = head.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
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
        mut response: h2::client::ResponseFuture,
        early: Option<OnInformational>,
        is_uploading: impl Fn() -> bool,
    ) -> Result<Response<h2::RecvStream>, Error> {
        let mut deadline = Deadline::default();
        let mut due = None;
        let heard = self.load.heard();
        poll_fn(|cx| {
            loop {
                while let Some(told) = &early
                    && let Poll::Ready(Some(Ok(head))) = response.poll_informational(cx)
                {
                    told.tell(head);
                }
                if let Poll::Ready(answered) = Pin::new(&mut response).poll(cx) {
                    return Poll::Ready(answered.map_err(Error::h2));
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

    /// Sends what is here of a body at once, and leaves the rest to the connection's task.
    fn upload(&self, mut pump: Upload) {
        // Its wakers are those of the connection's task, which polls it again before it waits.
        if pump.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            self.uploads.queue().push(pump);
            self.uploads.turn.wake_by_ref();
        }
    }
}

/// The task of a connection.
struct Connection {
    connection: h2::client::Connection<Wire<BoxIo>, Bytes>,
    wire: Wire<BoxIo>,
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
    deadline: Deadline,
    earned: Instant,
}

impl Connection {
    fn new(
        mut connection: h2::client::Connection<Wire<BoxIo>, Bytes>,
        wire: Wire<BoxIo>,
        turn: Arc<Turn>,
        uploads: Arc<Uploads>,
        load: Load,
        knobs: &ClientHttp2Config,
        idle_timeout: Duration,
    ) -> Self {
        let now = Instant::now();
        let keep_alive = knobs
            .keep_alive_interval
            .map(|interval| KeepAlive::new(connection.ping_pong(), interval, knobs.keep_alive_timeout, now));
        Self {
            connection,
            wire,
            streams: StreamSet::new(Arc::clone(&turn)),
            uploads,
            load,
            settled: Arc::default(),
            turn_waker: Waker::from(Arc::clone(&turn)),
            turn,
            keep_alive,
            idle_timeout,
            idle_since: None,
            deadline: Deadline::default(),
            earned: now,
        }
    }

    fn poll_turn(&mut self, task: &Waker) -> Poll<Result<(), Error>> {
        self.turn.begin(task);
        let waker = self.turn_waker.clone();
        let cx = &mut Context::from_waker(&waker);
        for _ in 0..ROUNDS_PER_TURN {
            if let Poll::Ready(ended) = Pin::new(&mut self.connection).poll(cx) {
                return Poll::Ready(ended.map_err(Error::h2));
            }
            if !self.settled.initialized() && self.wire.guard(|guard| guard.has_settings()) {
                let _ = self.settled.set(());
            }
            if let Some(reason) = self.wire.guard(|guard| guard.take_fault()) {
                let reset = Reset { reason, initiator: Initiator::Local, scope: Scope::Connection };
                return Poll::Ready(Err(Error::new(Kind::Reset(reset))));
            }
            let arrived = std::mem::take(&mut *self.uploads.queue());
            for upload in arrived {
                self.streams.start(upload);
            }
            self.streams.poll_woken();
            if self.turn.take_notified() {
                continue;
            }
            let _ = self
                .wire
                .poll_write_out(cx, &mut false)
                .map_err(|error| Error::io(Sent::Something, error))?;
            if let Poll::Ready(ended) = self.poll_clocks(cx) {
                return Poll::Ready(ended);
            }
            if self.turn.end() {
                return Poll::Pending;
            }
        }
        let _ =
            self.wire.poll_write_out(cx, &mut false).map_err(|error| Error::io(Sent::Something, error))?;
        task.wake_by_ref();
        Poll::Pending
    }

    fn poll_clocks(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let now = Instant::now();
        let earned = now.saturating_duration_since(self.earned).as_secs();
        if earned > 0 {
            self.earned = now;
            self.wire.guard(|guard| guard.handle_seconds(earned));
        }
        self.streams.trim();
        let frames = self.wire.guard(|guard| guard.frames());
        self.load.hear(frames);
        let is_idle = self.load.open() == 0;
        self.idle_since = is_idle.then(|| self.idle_since.unwrap_or(now));
        let idle = self.idle_since.and_then(|since| since.checked_add(self.idle_timeout));
        let pulse = match &mut self.keep_alive {
            Some(keep_alive) if !is_idle => match keep_alive.poll(frames, now, cx) {
                Pulse::Alive(next) => next,
                Pulse::Dead => return Poll::Ready(Err(Error::new(Kind::Timeout(Timeout::KeepAlive)))),
            },
            _ => None,
        };
        let due = idle.into_iter().chain(pulse).min();
        if self.deadline.poll(due, cx).is_pending() {
            return Poll::Pending;
        }
        if due == idle && self.load.close_if_idle() {
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
        let _ = self.settled.set(());
    }
}
