//! PING, and what it means when nobody answers.

use std::task::{Context, Poll};
use std::time::Duration;

use crate::clock::Instant;

/// Sends a PING when the peer has been quiet, and tells when it stays quiet.
pub(crate) struct KeepAlive {
    pings: Option<h2::PingPong>,
    interval: Duration,
    timeout: Duration,
    /// Frames seen when the peer was heard last.
    frames: u64,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// The peer was heard at this time.
    Heard(Instant),
    /// It was asked at this time, and not heard since.
    Asked(Instant),
}

/// What is known of the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pulse {
    /// Look again then; never, if that is beyond what the clock can tell.
    Alive(Option<Instant>),
    Dead,
}

impl KeepAlive {
    pub(crate) fn new(
        pings: Option<h2::PingPong>,
        interval: Duration,
        timeout: Duration,
        now: Instant,
    ) -> Self {
        Self { pings, interval, timeout, frames: 0, state: State::Heard(now) }
    }

    /// Takes the number of frames the peer has sent so far.
    pub(crate) fn poll(&mut self, frames: u64, now: Instant, cx: &mut Context<'_>) -> Pulse {
        let answered =
            self.pings.as_mut().is_some_and(|pings| matches!(pings.poll_pong(cx), Poll::Ready(Ok(_))));
        if answered || frames != self.frames {
            self.frames = frames;
            self.state = State::Heard(now);
        }
        let (since, patience) = match self.state {
            State::Heard(at) => (at, self.interval),
            State::Asked(at) => (at, self.timeout),
        };
        let due = since.checked_add(patience);
        if due.is_none_or(|due| now < due) {
            return Pulse::Alive(due);
        }
        match self.state {
            State::Heard(_) => {
                if let Some(pings) = &mut self.pings {
                    // It fails only while the last one is unanswered, and then it need not be repeated.
                    let _ = pings.send_ping(h2::Ping::opaque());
                }
                self.state = State::Asked(now);
                Pulse::Alive(now.checked_add(self.timeout))
            }
            State::Asked(_) => Pulse::Dead,
        }
    }
}
