//! A bound on the connections there are, in all and from one address.

use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use super::{AcceptLoop, Listener};
use crate::limits::{CONNECTIONS_MAX, CONNECTIONS_PER_PEER_MAX};

/// How many connections there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionLimits {
    /// Connections in all; 65,536 if not set. When there are as many, others wait in the listener's backlog.
    pub connections_max: usize,
    /// Connections from one IPv4 address or one /64 of IPv6; 1,024 if not set. Others are closed at once.
    pub connections_per_peer_max: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { connections_max: CONNECTIONS_MAX, connections_per_peer_max: CONNECTIONS_PER_PEER_MAX }
    }
}

/// What is known of a peer's address on the Internet.
pub trait PeerIp {
    /// The address, if it has one.
    fn peer_ip(&self) -> Option<IpAddr>;
}

impl PeerIp for SocketAddr {
    fn peer_ip(&self) -> Option<IpAddr> {
        Some(self.ip())
    }
}

impl PeerIp for crate::unix::SocketAddr {
    fn peer_ip(&self) -> Option<IpAddr> {
        None
    }
}

/// An [`AcceptLoop`] that gives each connection an [`Admission`] and keeps their number in bounds.
///
/// ```
/// use minato_net::TcpListener;
/// use minato_net::accept::{AcceptLoop, ConnectionLimits, LimitedAcceptLoop};
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
/// # let _client = minato_net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
/// let mut limits = ConnectionLimits::default();
/// limits.connections_max = 100;
/// let mut connections = LimitedAcceptLoop::new(AcceptLoop::new(listener), limits);
/// let (stream, _, admission) = connections.accept().await;
/// minato_runtime::spawn(async move {
///     // Serve the stream, and keep the admission as long.
///     drop((stream, admission));
/// });
/// # });
/// ```
#[derive(Debug)]
pub struct LimitedAcceptLoop<L> {
    connections: AcceptLoop<L>,
    limits: ConnectionLimits,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Default)]
struct Counts {
    total: usize,
    /// Bounded by `total`: whoever has no connection is not in it.
    by_peer: HashMap<IpAddr, usize>,
    refused: u64,
    /// The loop, if it waits for a connection to end.
    waiting: Option<Waker>,
}

impl<L> LimitedAcceptLoop<L>
where
    L: Listener,
    L::Addr: PeerIp,
{
    /// Keeps the connections of a loop within `limits`.
    pub fn new(connections: AcceptLoop<L>, limits: ConnectionLimits) -> Self {
        Self { connections, limits, counts: Arc::default() }
    }

    /// The loop beneath.
    pub fn get_mut(&mut self) -> &mut AcceptLoop<L> {
        &mut self.connections
    }

    /// Connections that are admitted now.
    pub fn admitted(&self) -> usize {
        lock(&self.counts).total
    }

    /// Connections that were closed at once, because their peer had as many as it may.
    pub fn refused(&self) -> u64 {
        lock(&self.counts).refused
    }

    /// Waits for a connection that is within the limits, whatever happens in between.
    ///
    /// # Cancel safety
    ///
    /// No connection is lost when the future is dropped.
    pub async fn accept(&mut self) -> (L::Io, L::Addr, Admission) {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    /// Waits for a connection; see [`accept`](Self::accept).
    pub fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<(L::Io, L::Addr, Admission)> {
        loop {
            ready!(self.poll_room(cx));
            let (io, address) = ready!(self.connections.poll_accept(cx));
            if let Some(admission) = self.admit(address.peer_ip()) {
                return Poll::Ready((io, address, admission));
            }
        }
    }

    fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        // Cloned before and dropped after the lock is held.
        let waker = cx.waker().clone();
        let mut counts = lock(&self.counts);
        if counts.total < self.limits.connections_max {
            return Poll::Ready(());
        }
        let last = counts.waiting.replace(waker);
        drop(counts);
        drop(last);
        Poll::Pending
    }

    /// Counts a connection, if its peer may have one more.
    fn admit(&self, ip: Option<IpAddr>) -> Option<Admission> {
        let peer = ip.map(network);
        let mut counts = lock(&self.counts);
        if let Some(peer) = peer {
            let count = counts.by_peer.entry(peer).or_insert(0);
            if *count >= self.limits.connections_per_peer_max {
                if *count == 0 {
                    counts.by_peer.remove(&peer);
                }
                counts.refused += 1;
                return None;
            }
            *count += 1;
        }
        counts.total += 1;
        Some(Admission { counts: self.counts.clone(), peer })
    }
}

/// Whom an address is counted for: a /64 is what one customer of a provider has at least.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64))),
        ip => ip,
    }
}

fn lock(counts: &Mutex<Counts>) -> std::sync::MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection's place in the limits, until it is dropped.
#[must_use = "the connection no longer counts when this is dropped"]
pub struct Admission {
    counts: Arc<Mutex<Counts>>,
    peer: Option<IpAddr>,
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        counts.total -= 1;
        if let Some(peer) = self.peer
            && let Some(count) = counts.by_peer.get_mut(&peer)
        {
            *count -= 1;
            if *count == 0 {
                counts.by_peer.remove(&peer);
            }
        }
        let waiting = counts.waiting.take();
        drop(counts);
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counts")
            .field("total", &self.total)
            .field("peers", &self.by_peer.len())
            .field("refused", &self.refused)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Wake;

    /// Has a connection from each of these addresses, then no more.
    struct Script(std::vec::IntoIter<SocketAddr>);

    impl Listener for Script {
        type Io = ();
        type Addr = SocketAddr;

        fn poll_accept(&mut self, _: &mut Context<'_>) -> Poll<io::Result<((), SocketAddr)>> {
            self.0.next().map_or(Poll::Pending, |address| Poll::Ready(Ok(((), address))))
        }
    }

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    fn looped(addresses: &[&str], total: usize, per_peer: usize) -> LimitedAcceptLoop<Script> {
        let addresses: Vec<_> = addresses.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 9)).collect();
        let limits = ConnectionLimits { connections_max: total, connections_per_peer_max: per_peer };
        LimitedAcceptLoop::new(AcceptLoop::new(Script(addresses.into_iter())), limits)
    }

    #[test]
    fn when_there_are_as_many_as_there_may_be_the_loop_waits_for_an_end() {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let cx = &mut Context::from_waker(&waker);
        let mut connections = looped(&["1.1.1.1", "2.2.2.2", "3.3.3.3"], 2, 9);
        let (Poll::Ready(first), Poll::Ready(_second)) =
            (connections.poll_accept(cx), connections.poll_accept(cx))
        else {
            panic!("two connections are within the limit");
        };
        assert!(connections.poll_accept(cx).is_pending());
        assert!(!woken.0.load(Ordering::Relaxed));
        drop(first);
        assert!(woken.0.load(Ordering::Relaxed));
        assert!(matches!(connections.poll_accept(cx), Poll::Ready((_, address, _)) if address.port() == 9));
        assert_eq!(connections.admitted(), 1, "the third was dropped with the match");
    }

    #[test]
    fn a_peer_with_as_many_as_it_may_have_is_refused_and_others_are_not() {
        let cx = &mut Context::from_waker(Waker::noop());
        let addresses =
            ["1.1.1.1", "::ffff:1.1.1.1", "1.1.1.1", "2.2.2.2", "fe80::1", "fe80::2", "fe80::3", "fe81::1"];
        let mut connections = looped(&addresses, 99, 2);
        let mut admitted = Vec::new();
        while let Poll::Ready(connection) = connections.poll_accept(cx) {
            admitted.push(connection);
        }
        let ips: Vec<_> = admitted.iter().map(|(_, address, _)| address.ip().to_string()).collect();
        assert_eq!(ips, ["1.1.1.1", "::ffff:1.1.1.1", "2.2.2.2", "fe80::1", "fe80::2", "fe81::1"]);
        assert_eq!((connections.admitted(), connections.refused()), (6, 2));
        drop(admitted);
        assert!(lock(&connections.counts).by_peer.is_empty());
    }
}
