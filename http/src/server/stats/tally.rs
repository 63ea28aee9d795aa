//! What one connection counts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use http::StatusCode;

use super::ServerHandle;
use super::event::{Ending, ServerEvent};
use super::snapshot::ConnectionStats;
use crate::clock::Instant;
use crate::conn_info::Protocol;

/// A number that one task writes and any may read.
// ORDERING: Relaxed everywhere, it says nothing of other memory.
#[derive(Debug, Default)]
struct Count(AtomicU64);

impl Count {
    #[inline]
    fn set(&self, to: u64) {
        self.0.store(to, Ordering::Relaxed);
    }

    /// Not atomic as a whole, since nobody else writes.
    #[inline]
    fn add(&self, more: u64) {
        self.set(self.get().wrapping_add(more));
    }

    #[inline]
    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What one connection counts. The task that drives it writes, and nobody else.
#[derive(Debug)]
pub(super) struct Tally {
    peer: Option<SocketAddr>,
    began: Instant,
    /// The version spoken, or zero.
    spoken: AtomicU8,
    requests: Count,
    http10_requests: Count,
    responses: [Count; 5],
    bytes_in: Count,
    bytes_out: Count,
}

impl Tally {
    fn response(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5);
        self.responses[class - 1].add(1);
    }

    /// As it stands now.
    pub(super) fn stats(&self) -> ConnectionStats {
        ConnectionStats {
            peer: self.peer,
            protocol: match self.spoken.load(Ordering::Relaxed) {
                0 => None,
                1 => Some(Protocol::Http1),
                _ => Some(Protocol::Http2),
            },
            age: Instant::now().saturating_duration_since(self.began),
            ending: Ending::Open,
            requests: self.requests.get(),
            http10_requests: self.http10_requests.get(),
            responses: std::array::from_fn(|class| self.responses[class].get()),
            bytes_in: self.bytes_in.get(),
            bytes_out: self.bytes_out.get(),
        }
    }
}

/// Where the streams of a connection count their responses.
pub(crate) struct Responses(Arc<Tally>);

impl Responses {
    /// Counts a final response.
    pub(crate) fn count(&self, status: StatusCode) {
        self.0.response(status);
    }
}

/// A connection that is counted, until it is closed.
pub(crate) struct Counted {
    handle: ServerHandle,
    id: usize,
    tally: Arc<Tally>,
}

impl Counted {
    /// A connection opens.
    pub(crate) fn open(handle: &ServerHandle, peer: Option<SocketAddr>, began: Instant) -> Self {
        let tally = Arc::new(Tally {
            peer,
            began,
            spoken: AtomicU8::new(0),
            requests: Count::default(),
            http10_requests: Count::default(),
            responses: Default::default(),
            bytes_in: Count::default(),
            bytes_out: Count::default(),
        });
        let id = handle.connections().open.insert(Arc::clone(&tally));
        handle.note(peer, &ServerEvent::Opened);
        Self { handle: handle.clone(), id, tally }
    }

    /// Counts something rare.
    pub(crate) fn note(&self, event: &ServerEvent) {
        if let ServerEvent::Speaks(protocol) = event {
            let spoken = if *protocol == Protocol::Http1 { 1 } else { 2 };
            self.tally.spoken.store(spoken, Ordering::Relaxed);
        }
        self.handle.note(self.tally.peer, event);
    }

    /// Counts a final response.
    pub(crate) fn response(&self, status: StatusCode) {
        self.tally.response(status);
    }

    /// For the streams of the connection, which are polled by its task.
    pub(crate) fn responses(&self) -> Responses {
        Responses(Arc::clone(&self.tally))
    }

    /// One of the requests is of HTTP/1.0.
    pub(crate) fn http10_request(&self) {
        self.tally.http10_requests.add(1);
    }

    /// What the connection has come to so far.
    pub(crate) fn publish(&self, requests: u64, bytes_in: u64, bytes_out: u64) {
        self.tally.requests.set(requests);
        self.tally.bytes_in.set(bytes_in);
        self.tally.bytes_out.set(bytes_out);
    }

    /// The connection is closed.
    pub(crate) fn close(self, ending: Ending) {
        let stats = ConnectionStats { ending, ..self.tally.stats() };
        {
            let mut connections = self.handle.connections();
            connections.closed.add(&stats);
            connections.open.remove(self.id);
        }
        self.note(&ServerEvent::Closed(stats));
    }
}
