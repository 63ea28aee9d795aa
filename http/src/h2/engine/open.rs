//! Streams of a client, and who may open the next.

use std::collections::VecDeque;
use std::task::Waker;

use http::HeaderMap;

use super::state::{Phase, State};
use super::{Ended, Engine, Key};
use crate::error::Initiator;
use crate::h2::Role;
use crate::h2::hpack::RequestPseudo;

/// RFC 9113 §5.1.1: identifiers have 31 bits, and those of a client are odd.
const LAST_ID: u32 = (1 << 31) - 1;

/// What became of an attempt to open a stream.
pub(crate) enum Start {
    Opened {
        key: Key,
        id: u32,
    },
    /// The server takes no further stream now.
    Full,
    /// It will take none.
    Over(Ended),
}

/// A place in the line of those who wait for a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place(u64);

/// Streams that are to be opened.
#[derive(Debug)]
pub(super) struct Openings {
    next_id: u32,
    next_place: u64,
    line: VecDeque<(Place, Waker)>,
}

impl Default for Openings {
    fn default() -> Self {
        Self { next_id: 1, next_place: 0, line: VecDeque::new() }
    }
}

impl Openings {
    /// The first stream that we have not opened.
    pub(super) fn next_id(&self) -> u32 {
        self.next_id
    }

    pub(super) fn wake_all(&mut self, wakes: &mut Vec<Waker>) {
        wakes.extend(self.line.drain(..).map(|(_, waker)| waker));
    }
}

impl Engine {
    /// Streams that can be open at one time, as far as the server lets us.
    pub(crate) fn streams_max(&self) -> usize {
        self.peer.max_streams
    }

    /// Why no further stream can be opened.
    pub(crate) fn refusal(&self) -> Option<Ended> {
        let goaway = self.peer_goaway.map(|(_, reason)| (reason, Initiator::Remote));
        let goaway = goaway.map(|(reason, initiator)| Ended::Connection { reason, initiator });
        let is_used_up = self.openings.next_id > LAST_ID;
        let used_up =
            Ended::Connection { reason: crate::reason::Reason::NO_ERROR, initiator: Initiator::Remote };
        self.ended.or(goaway).or(is_used_up.then_some(used_up))
    }

    /// Whether the server takes another stream now.
    pub(crate) fn has_place(&self) -> bool {
        self.open < self.peer.max_streams
    }

    /// Opens a stream with a request, for one who sends and one who reads.
    pub(crate) fn start(
        &mut self,
        pseudo: &RequestPseudo<'_>,
        headers: &HeaderMap,
        is_end: bool,
        wants_early: bool,
    ) -> Start {
        if let Some(ended) = self.refusal() {
            return Start::Over(ended);
        }
        if !self.has_place() {
            return Start::Full;
        }
        let id = self.openings.next_id;
        self.openings.next_id += 2;
        let state = match is_end {
            true => State::HalfClosedLocal { recv: Phase::Head },
            false => State::Open { send: Phase::Body, recv: Phase::Head },
        };
        let mut stream = self.make_stream(id, state);
        stream.handles = 2;
        stream.is_head = pseudo.method == http::Method::HEAD;
        stream.is_connect = pseudo.method == http::Method::CONNECT;
        stream.early = wants_early.then(VecDeque::new);
        let key = self.store.insert(stream);
        self.open += 1;
        self.send_request_head(id, pseudo, headers, is_end);
        Start::Opened { key, id }
    }

    /// Waits in line; answers the waker that was there before.
    pub(crate) fn wait_for_stream(&mut self, place: &mut Option<Place>, waker: Waker) -> Option<Waker> {
        let known = place.and_then(|place| self.openings.line.iter_mut().find(|(at, _)| *at == place));
        if let Some((_, slot)) = known {
            return Some(std::mem::replace(slot, waker));
        }
        let next = Place(self.openings.next_place);
        self.openings.next_place += 1;
        self.openings.line.push_back((next, waker));
        *place = Some(next);
        None
    }

    /// Leaves the line. One who was called meanwhile, and did not open a stream, calls the next.
    pub(crate) fn leave_line(&mut self, place: Place) {
        match self.openings.line.iter().position(|(at, _)| *at == place) {
            Some(at) => self.spent.extend(self.openings.line.remove(at).map(|(_, waker)| waker)),
            None => self.wake_opening(),
        }
    }

    /// Calls the first in line, if there is a stream for it.
    pub(super) fn wake_opening(&mut self) {
        if self.role == Role::Client && self.has_place() {
            self.wakes.extend(self.openings.line.pop_front().map(|(_, waker)| waker));
        }
    }
}
