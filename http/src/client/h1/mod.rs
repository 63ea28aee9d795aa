//! HTTP/1 exchanges of a client.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`Connection`]: what the pool lends and takes back |
//! | `exchange.rs` | one request and the head of its response |
//! | `upload.rs` | the request body |
//! | `body.rs` | the response body |
//!
//! No task drives a connection: whoever waits for the head of the response does, and then whoever reads its body.
//! An upload that goes on after the head has come is driven by reading the body.

mod body;
mod exchange;
mod upload;

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

pub(super) use self::exchange::{Exchange, Failed};
use minato_runtime::runtime;
use minato_runtime::sync::oneshot;

use super::config::ClientHttp1Config;
use super::connect::{BoxIo, Connected};
use super::pool::Permit;
use crate::clock::{Deadline, Instant};
use crate::conn_info::ConnInfo;
use crate::h1::encode::Forwarding;
use crate::input::Input;
use crate::output::Output;

/// A connection between two exchanges, or in one.
pub(in crate::client) struct Connection {
    io: BoxIo,
    /// It leads to a proxy that requests are given to.
    forwarding: Option<Arc<Forwarding>>,
    input: Input,
    output: Output,
    home: Home,
    http1: ClientHttp1Config,
    /// Whether it has served an exchange before.
    is_reused: bool,
    /// Requests it has taken.
    served: usize,
    made: Instant,
    /// Whose driver tells of it.
    runtime: Option<runtime::Id>,
    /// What is known of it.
    info: ConnInfo,
    /// For whatever its exchange waits for now; kept, so that an exchange that is answered in time arms none.
    deadline: Deadline,
}

/// Whom a connection is given back to.
pub(in crate::client) enum Home {
    /// The pool that has given this leave for it.
    Pool(Permit),
    /// Whoever waits for it.
    Alone(oneshot::Sender<Box<Connection>>),
    Nowhere,
}

impl Connection {
    pub(super) fn new(connected: Connected, home: Home, http1: ClientHttp1Config) -> Box<Self> {
        let Connected { io, forwarding, info, .. } = connected;
        Box::new(Self {
            io,
            forwarding,
            input: Input::default(),
            output: Output::default(),
            home,
            http1,
            is_reused: false,
            served: 0,
            made: Instant::now(),
            runtime: runtime::Id::current(),
            info,
            deadline: Deadline::default(),
        })
    }

    pub(super) fn made(&self) -> Instant {
        self.made
    }

    /// The runtime it was made in. In another nobody may drive its socket and its timer.
    pub(super) fn runtime(&self) -> Option<runtime::Id> {
        self.runtime
    }

    /// Requests it has taken.
    pub(super) fn served(&self) -> usize {
        self.served
    }

    pub(super) fn info(&self) -> &ConnInfo {
        &self.info
    }

    /// Its permit, for the connection that takes its place.
    pub(super) fn take_permit(&mut self) -> Option<Permit> {
        match std::mem::replace(&mut self.home, Home::Nowhere) {
            Home::Pool(permit) => Some(permit),
            other => {
                self.home = other;
                None
            }
        }
    }

    /// Gives it another home.
    pub(super) fn settle(&mut self, home: Home) {
        self.home = home;
    }

    /// Whether a new connection has brought something before it was asked anything.
    fn has_spoken(&mut self) -> bool {
        let cx = &mut Context::from_waker(Waker::noop());
        matches!(self.input.poll_fill(&mut self.io, cx, None), Poll::Ready(Ok(1..)))
    }

    /// Whether the server has not closed an idle connection, as far as can be known without sending.
    pub(super) fn is_usable(&mut self) -> bool {
        let cx = &mut Context::from_waker(Waker::noop());
        // Anything but silence, an answer without a request among it, makes the connection worthless.
        self.input.is_empty() && self.input.poll_fill(&mut self.io, cx, None).is_pending()
    }

    /// Gives the connection back to the pool, its exchange being over without remainder.
    fn give_back(mut self: Box<Self>) {
        if !self.input.is_empty() || !self.output.is_empty() {
            return;
        }
        self.is_reused = true;
        match std::mem::replace(&mut self.home, Home::Nowhere) {
            Home::Pool(permit) => {
                let host = permit.host();
                self.home = Home::Pool(permit);
                if let Some(host) = host {
                    host.give(self);
                }
            }
            // Whoever has stopped waiting wants no connection.
            Home::Alone(waiting) => drop(waiting.send(self)),
            Home::Nowhere => {}
        }
    }

    /// Writes what is queued.
    fn poll_flush(&mut self, cx: &mut Context<'_>, progress: &mut bool) -> Poll<std::io::Result<()>> {
        self.output.poll_write(&mut self.io, cx, progress)
    }
}
