//! The accept loop, and the shutdown that ends it.
//!
//! No error of the listener ends the loop: descriptors run out and come back, connections are aborted before they are
//! accepted. After an error it waits, so that it does not spin either.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Buf;
use http::{Request, Response};
use tower_service::Service;

use super::config::ServerConfig;
use super::connection::serve;
use super::listener::Listener;
use super::report::{Drain, Report};
use super::shutdown::{Host, Stage};
use crate::body::Body;
use crate::clock::{Deadline, Instant};
use crate::error::BoxError;
use crate::limits::{ABORT_GRACE, ACCEPT_PAUSE};

/// The signal that begins a shutdown, and how long that may take.
pub(super) type Graceful = (Pin<Box<dyn Future<Output = ()> + Send>>, Drain);

enum Event<Io> {
    Accepted(Io),
    Shutdown(Drain),
}

pub(super) struct Accept<L, S> {
    pub(super) listener: L,
    pub(super) service: S,
    pub(super) config: Arc<ServerConfig>,
    pub(super) graceful: Option<Graceful>,
    pub(super) host: Host,
    /// Until when accepting pauses after an error.
    pub(super) pause: Option<Instant>,
    pub(super) deadline: Deadline,
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
        while let Poll::Ready(Ok(connection)) = poll_fn(|cx| Poll::Ready(self.listener.poll_accept(cx))).await
        {
            self.spawn(connection);
        }
        drop(self.listener);
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
        loop {
            if self.pause.is_some() {
                ready!(self.deadline.poll(self.pause, cx));
                self.pause = None;
            }
            match ready!(self.listener.poll_accept(cx)) {
                Ok(connection) => return Poll::Ready(Event::Accepted(connection)),
                // That one has gone; the next may be waiting.
                Err(error) if is_of_one_connection(&error) => {}
                Err(_) => self.pause = Instant::now().checked_add(ACCEPT_PAUSE),
            }
        }
    }

    fn spawn(&self, (io, info): (L::Io, crate::ConnInfo)) {
        let service = self.service.clone();
        let config = Arc::clone(&self.config);
        let guest = self.host.admit();
        // How a connection ended is known to the guest; nobody waits for more.
        drop(minato_runtime::spawn(serve(io, service, config, info, guest)));
    }
}

/// Whether an error of accepting concerns one connection, and not the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
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
