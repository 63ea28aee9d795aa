//! The accept loop, and the shutdown that ends it.
//!
//! No error of the listener ends the loop, nor makes it spin: see [`AcceptLoop`].

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use minato_net::accept::AcceptLoop;

use super::config::ServerConfig;
use super::listener::Listener;
use super::report::{Drain, Report};
use super::serving::Serving;
use super::shutdown::{Host, Stage};
use super::stats::{Refusal, ServerEvent};
use crate::clock::{Deadline, Instant};
use crate::conn_info::ConnInfo;
use crate::limits::ABORT_GRACE;

/// The signal that begins a shutdown, and how long that may take.
pub(super) type Graceful = (Pin<Box<dyn Future<Output = ()> + Send>>, Drain);

enum Event<Io> {
    Accepted(Io),
    Shutdown(Drain),
}

pub(super) struct Accept<L, S> {
    pub(super) connections: AcceptLoop<Connections<L>>,
    pub(super) serving: S,
    pub(super) config: Arc<ServerConfig>,
    pub(super) graceful: Option<Graceful>,
    pub(super) host: Host,
    /// It has been told that no more connections are accepted for now.
    pub(super) is_full: bool,
}

impl<L: Listener, S: Serving<L::Io>> Accept<L, S> {
    pub(super) async fn run(mut self) -> Report {
        let drain = loop {
            match poll_fn(|cx| self.poll_event(cx)).await {
                Event::Accepted(connection) => self.spawn(connection),
                Event::Shutdown(drain) => break drain,
            }
        };
        // Connections the kernel has accepted for us are ours to serve: they get their first request answered.
        while let Poll::Ready(connection) = poll_fn(|cx| Poll::Ready(self.connections.poll_accept(cx))).await
        {
            self.spawn(connection);
        }
        drop(self.connections);
        self.host.announce(Stage::Draining);
        empty(&self.host, drain.within).await;
        self.host.announce(Stage::Aborting);
        empty(&self.host, ABORT_GRACE).await;
        self.host.report()
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event<(L::Io, ConnInfo)>> {
        if let Some((signal, drain)) = &mut self.graceful
            && signal.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Event::Shutdown(*drain));
        }
        // LIMIT: at the limit of connections the rest waits in the backlog of the listener.
        let others_max = self.config.limits.connections.saturating_sub(1);
        if self.host.poll_at_most(others_max, cx).is_pending() {
            self.note_full();
            return Poll::Pending;
        }
        self.is_full = false;
        self.connections.poll_accept(cx).map(Event::Accepted)
    }

    fn note_full(&mut self) {
        if !std::mem::replace(&mut self.is_full, true)
            && let Some(handle) = &self.config.handle
        {
            handle.note(None, &ServerEvent::Full);
        }
    }

    fn spawn(&self, (io, info): (L::Io, ConnInfo)) {
        // LIMIT: one above the limit of its address is closed at once, so that no address takes all the places.
        let Some(guest) =
            self.host.admit(info.peer.map(|peer| peer.ip()), self.config.limits.connections_per_ip)
        else {
            if let Some(handle) = &self.config.handle {
                handle.note(info.peer, &ServerEvent::Refused(Refusal::Address));
            }
            return;
        };
        self.serving.spawn(io, info, Arc::clone(&self.config), guest);
    }
}

/// Any listener, as the accept loop wants it.
pub(super) struct Connections<L>(pub(super) L);

impl<L: Listener> minato_net::accept::Listener for Connections<L> {
    type Io = L::Io;
    type Addr = ConnInfo;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(L::Io, ConnInfo)>> {
        self.0.poll_accept(cx)
    }
}

/// Waits until no connection is open, or the time is up.
async fn empty(host: &Host, within: Duration) {
    let mut deadline = Deadline::default();
    let due = Instant::now().checked_add(within);
    poll_fn(|cx| match host.poll_at_most(0, cx) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending => deadline.poll(due, cx),
    })
    .await;
}
