//! One HTTP/2 connection without its socket: bytes go in, and requests, data and wakes come out beside the bytes to be
//! written.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`Engine`], what ends it or a stream, and how streams are closed and forgotten |
//! | `input.rs` | takes frames out of what has arrived |
//! | `receive.rs` | what each frame does |
//! | `heads.rs` | requests, responses and trailers that arrive |
//! | `read.rs` | what a stream's reader takes |
//! | `send.rs` | heads, data and trailers that leave, and who may send next |
//! | `open.rs` | streams of a client, and who may open the next |
//! | `leave.rs` | GOAWAY and PING |
//! | `settings.rs` | what each side has told the other |
//! | `state.rs` | the states of a stream |
//! | `flow.rs` | windows |
//! | `stream.rs`, `store.rs` | streams, and where they are kept |
//! | `gone.rs` | streams we have reset, while their frames may be under way |
//! | `budget.rs` | what useless frames cost |
//!
//! Invariants
//! 1. A stream is in the store while it is not closed or somebody holds it ([`Stream::handles`]), and no longer.
//! 2. `open` counts the streams that are not closed: those the peer opened on a server, ours on a client.
//! 3. Every byte of data that arrives is given back to the window of the connection once: when it is read, or when nobody
//!    will read it.
//! 4. Nothing here calls, clones or drops a waker: they are put into `wakes` and `spent`, which whoever holds the lock takes
//!    out from under it.

mod budget;
mod flow;
mod gone;
mod heads;
mod input;
mod leave;
mod open;
mod read;
mod receive;
mod send;
mod settings;
mod state;
mod store;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io;
use std::task::Waker;

use self::budget::Budget;
pub(crate) use self::flow::WINDOW_MAX;
use self::flow::{RecvWindow, SendWindow};
use self::gone::Gone;
pub(crate) use self::heads::Incoming;
use self::input::Reading;
use self::leave::Leaving;
use self::open::Openings;
pub(crate) use self::open::{Place, Start};
pub(crate) use self::read::Part;
pub(crate) use self::send::Sent;
pub(crate) use self::settings::EngineConfig;
use self::settings::{Local, Peer};
use self::state::{Event, Illegal};
pub(crate) use self::store::Key;
use self::store::Store;
use self::stream::Stream;
use super::Role;
use super::frame::{self, Assembly};
pub(super) use super::hpack::ResponseHead;
use super::hpack::{Decoder, Encoder};
use super::link::Wait;
use crate::error::{Error, Initiator, Kind, Reset, Scope, Timeout};
use crate::output::Output;
use crate::reason::Reason;

/// LIMIT: what may wait to be written before the peer is not listened to, for each byte of data that may: data take two
/// shares of it at most, and what the peer makes us say has the third.
const HELD_SHARES: usize = 3;

/// Why a stream or the connection is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// RST_STREAM.
    Stream { reason: Reason, initiator: Initiator },
    /// GOAWAY.
    Connection { reason: Reason, initiator: Initiator },
    /// The connection was lost.
    Lost(io::ErrorKind),
    /// A clock of the connection ran out.
    TimedOut(Timeout),
}

impl Ended {
    /// The peer broke the rules of the connection.
    pub(crate) fn fault(reason: Reason) -> Self {
        Self::Connection { reason, initiator: Initiator::Local }
    }
}

impl From<Ended> for Error {
    fn from(ended: Ended) -> Self {
        let (reason, initiator, scope) = match ended {
            Ended::Stream { reason, initiator } => (reason, initiator, Scope::Stream),
            Ended::Connection { reason, initiator } => (reason, initiator, Scope::Connection),
            Ended::Lost(kind) => return Self::io(crate::error::Sent::Something, kind.into()),
            Ended::TimedOut(timeout) => return Self::new(Kind::Timeout(timeout)),
        };
        Self::new(Kind::Reset(Reset { reason, initiator, scope }))
    }
}

/// The state of a connection.
pub(crate) struct Engine {
    role: Role,
    config: EngineConfig,
    store: Store,
    /// Streams that are not closed.
    open: usize,
    decoder: Decoder,
    encoder: Encoder,
    /// What is to be written.
    pub(super) output: Output,
    /// Bytes on their way from here to the socket.
    pub(super) backlog: usize,
    send_window: SendWindow,
    recv_window: RecvWindow,
    local: Local,
    peer: Peer,
    reading: Reading,
    /// A field block of which more is to come, and the number of its first frame.
    block: Option<(Assembly, u64)>,
    /// The last stream the peer has opened.
    last_remote: u32,
    openings: Openings,
    incoming: VecDeque<Incoming>,
    /// Requests reset since the driver last took some out.
    unseen_resets: usize,
    /// Streams that wait for the window of the connection or for room in the output.
    writers: VecDeque<Key>,
    gone: Gone,
    budget: Budget,
    leaving: Leaving,
    /// The last stream the peer will look at, and why no further one.
    peer_goaway: Option<(u32, Reason)>,
    /// PINGs for keep-alive and measurement: one at a time.
    ping: leave::Ping,
    ended: Option<Ended>,
    /// Frames that have arrived.
    frames: u64,
    data_bytes: u64,
    /// Times the peer broke the rules of a stream.
    faults: u64,
    /// Short frames of data that wait to be read.
    short_data: usize,
    /// To be called once the lock is free.
    pub(super) wakes: Vec<Waker>,
    /// To be dropped once the lock is free.
    pub(super) spent: Vec<Waker>,
    /// The connection's task sleeps, and must be woken for what is to be written.
    is_asleep: bool,
    /// There is something for the connection's task beside output.
    wants_turn: bool,
    /// Input was left where it is, since the peer does not take our output.
    is_held: bool,
}

impl Engine {
    /// The state of a connection on which nothing was said; our settings wait to be written.
    pub(crate) fn new(role: Role, config: EngineConfig) -> Self {
        let mut engine = Self {
            role,
            store: Store::default(),
            open: 0,
            decoder: Decoder::new(),
            encoder: Encoder::new(),
            output: Output::default(),
            backlog: 0,
            send_window: SendWindow::new(flow::WINDOW_DEFAULT),
            recv_window: RecvWindow::new(flow::WINDOW_DEFAULT),
            local: Local::default(),
            peer: Peer::new(&config),
            reading: match role {
                Role::Server => Reading::Preface,
                Role::Client => Reading::Head,
            },
            block: None,
            last_remote: 0,
            openings: Openings::default(),
            incoming: VecDeque::new(),
            unseen_resets: 0,
            writers: VecDeque::new(),
            gone: Gone::new(config.reset_streams_max),
            budget: Budget::new(config.control_frames, config.local_error_resets_max),
            leaving: Leaving::No,
            peer_goaway: None,
            ping: leave::Ping::None,
            ended: None,
            frames: 0,
            data_bytes: 0,
            faults: 0,
            short_data: 0,
            wakes: Vec::new(),
            spent: Vec::new(),
            is_asleep: false,
            wants_turn: false,
            is_held: false,
            config,
        };
        engine.greet();
        engine
    }

    /// Streams that are not closed.
    pub(crate) fn open(&self) -> usize {
        self.open
    }

    /// Frames that have arrived.
    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    /// Bytes of data that have arrived.
    pub(crate) fn data_bytes(&self) -> u64 {
        self.data_bytes
    }

    /// Times the peer broke the rules of a stream.
    pub(crate) fn faults(&self) -> u64 {
        self.faults
    }

    /// Why the connection is over, once it is.
    pub(crate) fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// Takes note that whole seconds have passed.
    pub(crate) fn handle_seconds(&mut self, seconds: u64) {
        self.budget.handle_seconds(seconds);
    }

    /// Takes note that the peer took bytes of ours.
    pub(crate) fn handle_written(&mut self, len: usize) {
        self.budget.handle_written(len);
    }

    /// The connection's task is to sleep; false if there is something to do for it first.
    pub(crate) fn sleep(&mut self) -> bool {
        let is_let_go = self.is_held && self.has_room();
        // Once: a connection that is closing takes no more input, and would never sleep.
        self.is_held &= !is_let_go;
        let has_work = std::mem::take(&mut self.wants_turn) || is_let_go;
        self.is_asleep = !has_work && (self.output.is_empty() || self.backlog > 0);
        self.is_asleep
    }

    /// The connection's task is awake, or will be.
    pub(crate) fn wake_up(&mut self) {
        self.is_asleep = false;
    }

    /// Whether the connection's task must be woken, which it is then taken to be.
    pub(super) fn rouse(&mut self) -> bool {
        // While the socket is full, it wakes the task itself.
        let has_output = self.backlog == 0 && !self.output.is_empty();
        let is_due = self.is_asleep && (has_output || self.wants_turn);
        self.is_asleep &= !is_due;
        is_due
    }

    /// Whether more may be read.
    ///
    /// LIMIT: what a peer makes us say, answers without a body and acknowledgements, waits in memory for as long as it does
    /// not read. While that is more than may be, it is not listened to. Data of ours never are, at most twice what may
    /// wait with their last frame: two sides that did not read while they write would wait for each other.
    pub(crate) fn may_read(&mut self) -> bool {
        let waiting = self.output.len() + self.backlog;
        let may_read = waiting < self.config.send_bytes_max.saturating_mul(HELD_SHARES);
        self.is_held |= !may_read;
        may_read
    }

    /// Whether another request may be taken: not while there is no room for what it makes us say.
    pub(super) fn may_take(&mut self) -> bool {
        let may_take = self.has_room();
        self.is_held |= !may_take;
        may_take
    }

    /// Whether there is memory that only a burst needs, and nothing is open.
    pub(crate) fn has_slack(&self) -> bool {
        self.open == 0 && (self.store.has_slack() || self.has_idle_queues())
    }

    fn has_idle_queues(&self) -> bool {
        self.incoming.is_empty() && self.incoming.capacity() + self.writers.capacity() > 0
    }

    /// Gives up memory of a burst that is over.
    pub(crate) fn trim(&mut self) {
        if self.open == 0 {
            self.store.trim();
            if self.has_idle_queues() {
                self.incoming = VecDeque::new();
                self.writers = VecDeque::new();
            }
        }
    }

    /// The connection was lost: nothing that is open goes on.
    pub(crate) fn handle_lost(&mut self, kind: io::ErrorKind) {
        self.end(Ended::Lost(kind));
    }

    /// The connection is given up, since this clock of its own ran out: nothing that is open goes on.
    pub(crate) fn handle_timeout(&mut self, timeout: Timeout) {
        self.end(Ended::TimedOut(timeout));
    }

    /// Ends the connection with GOAWAY; what is open ends with it.
    pub(crate) fn abort(&mut self, reason: Reason) {
        if self.ended.is_none() {
            frame::put_goaway(self.output.tail(), self.last_remote, reason, &[]);
            self.end(Ended::fault(reason));
        }
    }

    fn end(&mut self, cause: Ended) {
        if self.ended.is_some() {
            return;
        }
        self.ended = Some(cause);
        self.incoming.clear();
        for key in self.store.keys() {
            let _ = self.apply(key, Event::End(cause));
            self.wake_both(key);
        }
        // Whoever waits to open a stream learns of it.
        self.openings.wake_all(&mut self.wakes);
    }

    /// What happens to a stream.
    fn apply(&mut self, key: Key, event: Event) -> Result<(), Illegal> {
        let Some(stream) = self.store.get(key) else { return Err(Illegal::Ended) };
        let was_closed = stream.state.is_closed();
        stream.state = stream.state.after(event)?;
        if stream.state.is_closed() && !was_closed {
            let is_held = stream.handles > 0;
            self.open -= 1;
            if !is_held {
                self.forget(key);
            }
            self.wake_opening();
        }
        Ok(())
    }

    /// Resets a stream, for a reason of ours.
    pub(crate) fn reset(&mut self, key: Key, reason: Reason) {
        let Some(stream) = self.store.get(key) else { return };
        if stream.state.is_closed() {
            return;
        }
        let id = stream.id;
        frame::put_reset(self.output.tail(), id, reason);
        self.gone.push(id);
        self.discard(key);
        self.wake_both(key);
        let _ = self.apply(key, Event::End(Ended::Stream { reason, initiator: Initiator::Local }));
    }

    /// One more holds the stream.
    pub(super) fn hold(&mut self, key: Key) {
        if let Some(stream) = self.store.get(key) {
            stream.handles += 1;
        }
    }

    /// Where a waker for the stream belongs; nowhere, once it is forgotten.
    pub(super) fn waiting(&mut self, key: Key, wait: Wait) -> Option<&mut Option<Waker>> {
        let stream = self.store.get(key)?;
        Some(match wait {
            Wait::Read => &mut stream.recv_waker,
            Wait::Send => &mut stream.send_waker,
        })
    }

    /// One that knows the stream has gone.
    pub(crate) fn release(&mut self, key: Key) {
        let Some(stream) = self.store.get(key) else { return };
        stream.handles -= 1;
        if stream.handles > 0 {
            return;
        }
        // The last may be what the connection waits for to be idle, or to end.
        self.wants_turn |= self.is_asleep && self.store.len() == 1;
        let Some(stream) = self.store.get(key) else { return };
        if stream.state.is_closed() {
            self.forget(key);
        } else {
            // RFC 9113 §8.1: a server that has answered may ask for no more of the request, without an error.
            let is_answered = self.role == Role::Server && stream.state.is_sent();
            self.reset(key, if is_answered { Reason::NO_ERROR } else { Reason::CANCEL });
        }
    }

    fn forget(&mut self, key: Key) {
        self.discard(key);
        if let Some(stream) = self.store.remove(key) {
            let Stream { recv_waker, send_waker, .. } = stream;
            self.spent.extend(recv_waker.into_iter().chain(send_waker));
        }
    }

    /// Gives back the window of data that nobody will read.
    fn discard(&mut self, key: Key) {
        let Some(stream) = self.store.get(key) else { return };
        self.short_data -= std::mem::take(&mut stream.received.short);
        if !stream.received.is_empty() {
            let len = std::mem::take(&mut stream.received).len();
            self.credit(len);
        }
    }

    /// Gives window of the connection back.
    fn credit(&mut self, len: usize) {
        if let Some(increment) = self.recv_window.release_shared(len) {
            frame::put_window_update(self.output.tail(), 0, increment);
        }
    }

    fn wake_reader(&mut self, key: Key) {
        if let Some(stream) = self.store.get(key)
            && let Some(waker) = stream.recv_waker.take()
        {
            self.wakes.push(waker);
        }
    }

    fn wake_writer(&mut self, key: Key) {
        if let Some(stream) = self.store.get(key)
            && let Some(waker) = stream.send_waker.take()
        {
            self.wakes.push(waker);
        }
    }

    fn wake_both(&mut self, key: Key) {
        self.wake_reader(key);
        self.wake_writer(key);
    }
}
