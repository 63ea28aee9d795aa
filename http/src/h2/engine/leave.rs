//! GOAWAY and PING.

use super::Engine;
use crate::h2::frame;
use crate::reason::Reason;

/// The PING whose answer says that the peer has seen our GOAWAY.
const LEAVING: [u8; 8] = *b"m-leave\0";

/// The PING that asks whether the peer is there, and how far.
const ASKING: [u8; 8] = *b"m-ping\0\0";

/// RFC 9113 §6.8: "no further streams" without saying which was the last.
const ANY_STREAM: u32 = (1 << 31) - 1;

/// How far we have come with leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    No,
    /// The peer has been told; what it opened before it heard is still taken.
    Told,
    /// It has heard, and was told the last stream that counts.
    Heard {
        last: u32,
    },
}

/// A PING of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ping {
    None,
    Asked,
    Answered,
}

impl Engine {
    /// Tells the peer to open no further streams, and goes on with those that are open.
    ///
    /// RFC 9113 §6.8: once without a last stream and again a round trip later, so that no request is lost on its way.
    pub(crate) fn leave(&mut self) {
        if self.leaving == Leaving::No && self.ended.is_none() {
            self.leaving = Leaving::Told;
            let out = self.output.tail();
            frame::put_goaway(out, ANY_STREAM, Reason::NO_ERROR, &[]);
            frame::put_ping(out, LEAVING, false);
        }
    }

    /// Whether nothing is left to do on this connection: one side has left, and no stream is open.
    pub(crate) fn has_left(&self) -> bool {
        let has_left = matches!(self.leaving, Leaving::Heard { .. }) || self.peer_goaway.is_some();
        has_left && self.open == 0
    }

    /// The code with which the peer has left.
    pub(crate) fn peer_goaway(&self) -> Option<Reason> {
        self.peer_goaway.map(|(_, reason)| reason)
    }

    /// Whether a stream came after we had left: it is not looked at, and its client knows.
    pub(super) fn is_refused(&self, id: u32) -> bool {
        matches!(self.leaving, Leaving::Heard { last } if id > last)
    }

    /// Sends a PING, unless one is under way; false then.
    pub(crate) fn ask(&mut self) -> bool {
        let may_ask = self.ping != Ping::Asked;
        if may_ask {
            self.ping = Ping::Asked;
            frame::put_ping(self.output.tail(), ASKING, false);
        }
        may_ask
    }

    /// Whether our PING was answered since this was asked last.
    pub(crate) fn take_answer(&mut self) -> bool {
        let is_answered = self.ping == Ping::Answered;
        if is_answered {
            self.ping = Ping::None;
        }
        is_answered
    }

    pub(super) fn handle_pong(&mut self, payload: [u8; 8]) {
        if payload == LEAVING && self.leaving == Leaving::Told {
            let last = self.last_remote;
            self.leaving = Leaving::Heard { last };
            frame::put_goaway(self.output.tail(), last, Reason::NO_ERROR, &[]);
        } else if payload == ASKING && self.ping == Ping::Asked {
            self.ping = Ping::Answered;
        }
    }
}
