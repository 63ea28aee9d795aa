//! PING: what it means when nobody answers, and what is measured by it when somebody does.

use std::task::Context;
use std::time::Duration;

use super::{Estimator, Link};
use crate::clock::Instant;

/// Sends a PING when the peer has been quiet, and tells when it stays quiet.
pub(crate) struct KeepAlive {
    link: Link,
    interval: Duration,
    timeout: Duration,
    /// Frames seen when the peer was heard last.
    frames: u64,
    state: State,
    /// A PING is under way, for either purpose.
    is_pinging: bool,
    measuring: Option<Box<Measuring>>,
}

struct Measuring {
    estimator: Estimator,
    /// The window it has found, and that is still to be set.
    found: Option<u32>,
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
    pub(crate) fn new(link: Link, interval: Duration, timeout: Duration, now: Instant) -> Self {
        let state = State::Heard(now);
        Self { link, interval, timeout, frames: 0, state, is_pinging: false, measuring: None }
    }

    /// Measures the connection, too.
    pub(crate) fn measuring(mut self, estimator: Option<Estimator>) -> Self {
        self.measuring = estimator.map(|estimator| Box::new(Measuring { estimator, found: None }));
        self
    }

    /// Takes how many bytes of data have arrived so far, after [`poll`](Self::poll) at this time; answers the window that
    /// should be set.
    pub(crate) fn measure(&mut self, bytes: u64, now: Instant, cx: &mut Context<'_>) -> Option<u32> {
        let measuring = self.measuring.as_deref_mut()?;
        if !self.is_pinging {
            if let Some(window) = measuring.estimator.handle_pong(bytes, now) {
                measuring.found = Some(window);
            }
            if measuring.estimator.wants_ping(bytes, now) && self.link.with(|engine| engine.ask()) {
                measuring.estimator.handle_ping(bytes, now);
                self.is_pinging = true;
                // Once more around, to send the PING.
                cx.waker().wake_by_ref();
            }
        }
        measuring.found
    }

    /// The window has been set.
    pub(crate) fn settle(&mut self) {
        if let Some(measuring) = &mut self.measuring {
            measuring.found = None;
        }
    }

    /// Takes the number of frames the peer has sent so far.
    pub(crate) fn poll(&mut self, frames: u64, now: Instant, cx: &mut Context<'_>) -> Pulse {
        let answered = self.is_pinging && self.link.with(|engine| engine.take_answer());
        self.is_pinging &= !answered;
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
                // It fails only while the last one is unanswered, and then it need not be repeated.
                let _ = self.link.with(|engine| engine.ask());
                self.is_pinging = true;
                cx.waker().wake_by_ref();
                self.state = State::Asked(now);
                Pulse::Alive(now.checked_add(self.timeout))
            }
            State::Asked(_) => Pulse::Dead,
        }
    }
}
