//! What a connection waits for, and how long it may.

use std::time::Duration;

use crate::clock::Instant;
use crate::error::Timeout;
use crate::limits::{FIRST_REQUEST_GRACE, LINGER_TIME};
use crate::server::config::Timeouts;

/// Why a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// For the first byte of another request.
    Idle,
    /// For the rest of a head.
    Head,
    /// For the first request, while the server drains.
    Grace,
    /// For the service to be ready, or the handler to answer.
    Handler,
    /// For more of a request body that the handler wants.
    Body,
    /// For the peer to take what is queued.
    Room,
    /// For the rest of a body that nobody wants.
    Unread,
    /// For the peer to see the end of the connection.
    Linger,
    /// For nothing: others have their turn.
    Turn,
}

/// Whose time is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expired {
    /// The connection has served its purpose.
    Quietly,
    Idle,
    /// What is left of a body takes too long for another request to wait for it.
    Unread,
    Head,
    Body,
    Write,
}

/// Since when the connection waits: read from the clock once per turn that ends waiting, never per request.
#[derive(Debug)]
pub(super) struct Waits {
    wait: Option<(Wait, Instant)>,
    stalled: Option<Instant>,
}

impl Waits {
    /// A connection that was accepted at this time and waits for its first head.
    pub(super) fn accepted(at: Instant) -> Self {
        Self { wait: Some((Wait::Head, at)), stalled: None }
    }

    /// What was waited for has come.
    pub(super) fn over(&mut self) {
        self.wait = None;
    }

    /// Takes note of what is waited for from `now` on, unless it was waited for already.
    pub(super) fn begin(&mut self, wait: Wait, now: Instant, is_output_stuck: bool) {
        if self.wait.is_none_or(|(before, _)| before != wait) {
            self.wait = Some((wait, now));
        }
        self.stalled = is_output_stuck.then(|| self.stalled.unwrap_or(now));
    }

    /// The peer has taken some of what is queued.
    pub(super) fn progress(&mut self) {
        self.stalled = None;
    }

    /// When the first of the clocks runs out, and which that is; `body` is when that of the request body does.
    pub(super) fn deadline(&self, timeouts: &Timeouts, body: Option<Instant>) -> Option<(Instant, Expired)> {
        let of = |since: Instant, timeout: Option<Duration>| {
            timeout.and_then(|timeout| since.checked_add(timeout))
        };
        let wait = self.wait.and_then(|(wait, since)| {
            let (timeout, expired) = match wait {
                Wait::Idle => (timeouts.idle, Expired::Idle),
                Wait::Head => (timeouts.head, Expired::Head),
                Wait::Grace => (Some(FIRST_REQUEST_GRACE), Expired::Quietly),
                Wait::Body => return Some((body?, Expired::Body)),
                Wait::Unread => (timeouts.unread_body, Expired::Unread),
                Wait::Linger => (Some(LINGER_TIME), Expired::Quietly),
                Wait::Handler | Wait::Room | Wait::Turn => (None, Expired::Quietly),
            };
            Some((of(since, timeout)?, expired))
        });
        let write = self.stalled.and_then(|since| Some((of(since, timeouts.write)?, Expired::Write)));
        match (wait, write) {
            (Some(wait), Some(write)) => Some(if write.0 < wait.0 { write } else { wait }),
            (wait, write) => wait.or(write),
        }
    }
}

impl Expired {
    /// The clock that ran out on the peer, if it was one.
    pub(super) fn timeout(self) -> Option<Timeout> {
        match self {
            Self::Quietly | Self::Unread => None,
            Self::Idle => Some(Timeout::Idle),
            Self::Head => Some(Timeout::Head),
            Self::Body => Some(Timeout::Body),
            Self::Write => Some(Timeout::Write),
        }
    }
}
