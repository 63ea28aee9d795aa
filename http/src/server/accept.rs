//! The accept loop, and the shutdown that ends it.
//!
//! No error of the listener ends the loop, nor makes it spin: see [`AcceptLoop`].

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Buf;
use http::{Request, Response};
use minato_net::accept::AcceptLoop;
use minato_service::BoxError;
use tower_service::Service;

use super::config::ServerConfig;
use super::connection::serve;
use super::listener::Listener;
use super::report::{Drain, Report};
use super::shutdown::{Host, Stage};
use crate::body::Body;
use crate::clock::{Deadline, Instant};
use crate::limits::ABORT_GRACE;

/// The signal that begins a shutdown, and how long that may take.
pub(super) type Graceful = (Pin<Box<dyn Future<Output = ()> + Send>>, Drain);

enum Event<Io> {
    Accepted(Io),
    Shutdown(Drain),
}

pub(super) struct Accept<L, S> {
    pub(super) connections: AcceptLoop<Connections<L>>,
    pub(super) service: S,
    pub(super) config: Arc<ServerConfig>,
    pub(super) graceful: Option<Graceful>,
    pub(super) host: Host,
}

impl<L, S, B> Accept<L, S>
where
    L: Listener,
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: http_body::Body + Send + 'static,
    B::Data: Buf,
    B::Error: Into<BoxError>,
{
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
        let (drained, cut) = self.host.count();
        // A connection whose handler holds on to its thread cannot be told, and is lost with the runtime.
        Report { drained, cut: cut + self.host.len() }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event<(L::Io, crate::ConnInfo)>> {
        if let Some((signal, drain)) = &mut self.graceful
            && signal.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Event::Shutdown(*drain));
        }
        // LIMIT: at the limit of connections the rest waits in the backlog of the listener.
        let others_max = self.config.limits.connections.saturating_sub(1);
        if self.host.poll_at_most(others_max, cx).is_pending() {
            return Poll::Pending;
        }
        self.connections.poll_accept(cx).map(Event::Accepted)
    }

    fn spawn(&self, (io, info): (L::Io, crate::ConnInfo)) {
        let service = self.service.clone();
        let config = Arc::clone(&self.config);
        let guest = self.host.admit();
        // How a connection ended is known to the guest; nobody waits for more.
        drop(minato_runtime::spawn(serve(io, service, config, info, guest)));
    }
}

/// Any listener, as the accept loop wants it.
pub(super) struct Connections<L>(pub(super) L);

impl<L: Listener> minato_net::accept::Listener for Connections<L> {
    type Io = L::Io;
    type Addr = crate::ConnInfo;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(L::Io, crate::ConnInfo)>> {
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
