//! What happens to connections, as it is counted and told.

use std::net::SocketAddr;

use super::ConnectionStats;
use crate::conn_info::Protocol;
use crate::error::{Error, Initiator, Kind, Reset, Timeout};
use crate::reason::Reason;

/// Something that happened to a connection of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// A connection is served.
    Opened,
    /// It is clear what is spoken on a connection.
    Speaks(Protocol),
    /// A connection was closed before anything was asked on it.
    Refused(Refusal),
    /// A listener stops accepting for now, since as many connections are open as may.
    Full,
    /// The peer did not do in time what was waited for. The bodies of HTTP/2 have clocks of their own, which are not
    /// told of here: it is their handlers that are told.
    TimedOut(Timeout),
    /// The peer broke a rule, or passed a limit.
    Violated(Violation),
    /// A connection, or stream, stops speaking HTTP.
    Upgraded,
    /// A connection is closed, and this is what it came to.
    Closed(ConnectionStats),
}

/// Why a connection was closed before anything was asked on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// As many connections of its address were open as [may be](crate::Limits::connections_per_ip).
    Address,
    /// It came from a [trusted proxy](crate::Trust) and did not begin as one does.
    ProxyHeader,
    /// Its TLS handshake failed.
    Tls,
    /// Its service [could not be made](crate::Server::serve_with).
    Service,
}

/// A rule of HTTP that a peer broke, or a limit that it passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// The start line or a field is malformed.
    Syntax,
    /// The host is missing, repeated or malformed.
    Host,
    /// It cannot be told where the body ends: what request smuggling is made of.
    Framing,
    /// A chunk is malformed.
    Chunk,
    /// The body ended early.
    Truncated,
    /// A version, transfer coding, method or expectation that is not served.
    Unsupported,
    /// The head is larger than allowed.
    HeadLimit,
    /// The body is larger than allowed.
    BodyLimit,
    /// A stream, or the connection, was ended for a rule of HTTP/2.
    Http2,
    /// The connection was ended for what it made the server do beyond reason (ENHANCE_YOUR_CALM).
    Flood,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// It has not.
    Open,
    /// By itself.
    Closed,
    /// By itself, after the server began to shut down.
    Drained,
    /// The shutdown cut it.
    Cut,
}

/// Hears of what happens to the connections of a server. It is called with no lock held, by the task that drives the
/// connection.
///
/// Single requests are not told of: a layer sees them, with all they hold.
pub trait ServerObserver: Send + Sync + 'static {
    /// Takes note of an event. To be quick: the connection waits for it.
    fn observe(&self, peer: Option<SocketAddr>, event: &ServerEvent);
}

impl<F: Fn(Option<SocketAddr>, &ServerEvent) + Send + Sync + 'static> ServerObserver for F {
    fn observe(&self, peer: Option<SocketAddr>, event: &ServerEvent) {
        self(peer, event);
    }
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Address, Self::ProxyHeader, Self::Tls, Self::Service];
}

impl Violation {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Syntax,
        Self::Host,
        Self::Framing,
        Self::Chunk,
        Self::Truncated,
        Self::Unsupported,
        Self::HeadLimit,
        Self::BodyLimit,
        Self::Http2,
        Self::Flood,
    ];
}

/// Clocks that run out on a server, in the order they are counted in.
pub(super) const TIMEOUTS: [Timeout; 5] =
    [Timeout::Head, Timeout::Idle, Timeout::Body, Timeout::Write, Timeout::KeepAlive];

const SINGLE: usize = 5;
pub(super) const REFUSALS: usize = SINGLE;
pub(super) const VIOLATIONS: usize = REFUSALS + Refusal::ALL.len();
pub(super) const TIMED_OUT: usize = VIOLATIONS + Violation::ALL.len();

/// How many events are told apart in counting.
pub(super) const PLACES: usize = TIMED_OUT + TIMEOUTS.len();

impl ServerEvent {
    /// What the error is that a connection of HTTP/2 ended with, if it is the doing of the peer.
    pub(crate) fn of(error: &Error) -> Option<Self> {
        match error.kind() {
            Kind::Timeout(timeout) => Some(Self::TimedOut(timeout)),
            Kind::Reset(Reset { initiator: Initiator::Local, reason, .. }) => match reason {
                Reason::NO_ERROR | Reason::INTERNAL_ERROR => None,
                Reason::ENHANCE_YOUR_CALM => Some(Self::Violated(Violation::Flood)),
                _ => Some(Self::Violated(Violation::Http2)),
            },
            _ => None,
        }
    }

    /// Where it is counted; the end of a connection is, with all that the connection counted.
    pub(super) fn place(&self) -> Option<usize> {
        Some(match self {
            Self::Opened => 0,
            Self::Speaks(Protocol::Http1) => 1,
            Self::Speaks(Protocol::Http2) => 2,
            Self::Full => 3,
            Self::Upgraded => 4,
            Self::Refused(refusal) => REFUSALS + *refusal as usize,
            Self::Violated(violation) => VIOLATIONS + *violation as usize,
            Self::TimedOut(timeout) => TIMED_OUT + TIMEOUTS.iter().position(|known| known == timeout)?,
            Self::Closed(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_has_a_place_of_its_own() {
        let single = [
            ServerEvent::Opened,
            ServerEvent::Speaks(Protocol::Http1),
            ServerEvent::Speaks(Protocol::Http2),
            ServerEvent::Full,
            ServerEvent::Upgraded,
        ];
        let places: Vec<_> = single
            .into_iter()
            .chain(Refusal::ALL.map(ServerEvent::Refused))
            .chain(Violation::ALL.map(ServerEvent::Violated))
            .chain(TIMEOUTS.map(ServerEvent::TimedOut))
            .map(|event| event.place().unwrap())
            .collect();
        assert_eq!(places, (0..PLACES).collect::<Vec<_>>());
    }
}
