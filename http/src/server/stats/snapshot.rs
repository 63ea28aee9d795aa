//! The numbers at one moment.

use std::net::SocketAddr;
use std::time::Duration;

use super::event::{Ending, REFUSALS, Refusal, TIMED_OUT, TIMEOUTS, VIOLATIONS, Violation};
use crate::conn_info::Protocol;
use crate::error::Timeout;

/// What servers have done, as a [`ServerHandle`](crate::ServerHandle) tells it.
///
/// All but [`open`](Self::open) only grow. The numbers are read one after another while servers go on: of a request that
/// is just being answered, one may tell and another not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ServerStats {
    /// Connections that were served, or are; without those refused for their address.
    pub accepted: u64,
    /// Connections open now, upgraded ones among them.
    pub open: u64,
    /// Times that a listener had to stop accepting, since [`Limits::connections`](crate::Limits::connections) were open.
    pub times_full: u64,
    /// Connections that spoke HTTP/1.
    pub http1_connections: u64,
    /// Connections that spoke HTTP/2.
    pub http2_connections: u64,
    /// Requests of HTTP/1.0 handed to the service.
    pub http10_requests: u64,
    /// Requests of HTTP/1.1 handed to the service.
    pub http11_requests: u64,
    /// Requests of HTTP/2 handed to the service.
    pub http2_requests: u64,
    /// Final responses by the class of their status, from 1xx, which is 101, to 5xx; those to refused requests among
    /// them.
    pub responses: [u64; 5],
    /// Bytes of HTTP that came, as far as they were read; without TLS, the PROXY protocol, and what follows an upgrade.
    pub bytes_in: u64,
    /// Bytes of HTTP that left; without TLS, and what follows an upgrade.
    pub bytes_out: u64,
    /// Connections and streams that stopped speaking HTTP.
    pub upgrades: u64,
    /// Connections that ended by themselves while their server shut down.
    pub drained: u64,
    /// Connections that a shutdown cut.
    pub cut: u64,
    refused: [u64; Refusal::ALL.len()],
    violations: [u64; Violation::ALL.len()],
    timeouts: [u64; TIMEOUTS.len()],
}

impl ServerStats {
    /// Requests of all versions.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.http10_requests + self.http11_requests + self.http2_requests
    }

    /// Connections that were closed for this reason, before anything was asked on them.
    #[must_use]
    pub fn refused(&self, refusal: Refusal) -> u64 {
        self.refused[refusal as usize]
    }

    /// Times that peers broke such a rule.
    #[must_use]
    pub fn violations(&self, violation: Violation) -> u64 {
        self.violations[violation as usize]
    }

    /// Times that this clock ran out; none for the clocks of a client, and of [`Timeout::Body`] those over HTTP/1.
    #[must_use]
    pub fn timeouts(&self, timeout: Timeout) -> u64 {
        TIMEOUTS.iter().position(|known| *known == timeout).map_or(0, |place| self.timeouts[place])
    }

    /// Adds what a connection counted.
    pub(super) fn add(&mut self, connection: &ConnectionStats) {
        match connection.protocol {
            Some(Protocol::Http2) => self.http2_requests += connection.requests,
            Some(Protocol::Http1) | None => {
                self.http10_requests += connection.http10_requests;
                self.http11_requests += connection.requests.saturating_sub(connection.http10_requests);
            }
        }
        self.responses.iter_mut().zip(connection.responses).for_each(|(all, its)| *all += its);
        self.bytes_in += connection.bytes_in;
        self.bytes_out += connection.bytes_out;
        match connection.ending {
            Ending::Open | Ending::Closed => {}
            Ending::Drained => self.drained += 1,
            Ending::Cut => self.cut += 1,
        }
    }

    /// Takes in what is counted in one place.
    pub(super) fn add_events(&mut self, count: impl Fn(usize) -> u64) {
        self.accepted = count(0);
        self.http1_connections = count(1);
        self.http2_connections = count(2);
        self.times_full = count(3);
        self.upgrades = count(4);
        self.refused = std::array::from_fn(|place| count(REFUSALS + place));
        self.violations = std::array::from_fn(|place| count(VIOLATIONS + place));
        self.timeouts = std::array::from_fn(|place| count(TIMED_OUT + place));
    }
}

/// What one connection has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionStats {
    /// The address of the peer, as the listener told it; none on Unix sockets and pipes.
    pub peer: Option<SocketAddr>,
    /// What is spoken, once that is known.
    pub protocol: Option<Protocol>,
    /// How old the connection is, or became.
    pub age: Duration,
    /// How it ended.
    pub ending: Ending,
    /// Requests handed to the service.
    pub requests: u64,
    /// Those of HTTP/1.0 among them.
    pub http10_requests: u64,
    /// Responses, as in [`ServerStats::responses`].
    pub responses: [u64; 5],
    /// Bytes that came, as in [`ServerStats::bytes_in`].
    pub bytes_in: u64,
    /// Bytes that left, as in [`ServerStats::bytes_out`].
    pub bytes_out: u64,
}
