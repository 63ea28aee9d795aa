//! How connections learn that the server shuts down, and how the server learns that they have gone.
//!
//! Every connection holds a [`Guest`]. It costs a load per turn to look at; a connection that is about to wait leaves
//! its waker once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use slab::Slab;

use super::report::Report;
use super::stats::{Counted, Ending, ServerEvent, ServerHandle};
use crate::clock::Instant;

/// What the server asks of its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Carry on.
    Serving = 0,
    /// Finish what has begun, then close.
    Draining = 1,
    /// Close now.
    Aborting = 2,
}

#[derive(Default)]
struct Shared {
    /// The stage, as a number; it only grows.
    stage: AtomicU8,
    guests: Mutex<Guests>,
}

#[derive(Default)]
struct Guests {
    wakers: Slab<Option<Waker>>,
    /// Connections open per address, where that is limited. Each entry stands for one at least, so that the table is
    /// bounded with the connections.
    networks: HashMap<IpAddr, usize>,
    /// Wakes the accept loops that wait for a guest to leave: at most one each.
    hosts: Vec<Waker>,
    cut: usize,
    finished: usize,
}

impl Shared {
    fn guests(&self) -> MutexGuard<'_, Guests> {
        self.guests.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn stage(&self) -> Stage {
        // ORDERING: Relaxed, the stage carries no other memory; a guest that misses a change is woken for it.
        match self.stage.load(Ordering::Relaxed) {
            0 => Stage::Serving,
            1 => Stage::Draining,
            _ => Stage::Aborting,
        }
    }
}

/// The server's side, which the accept loops of a server share.
#[derive(Clone, Default)]
pub(crate) struct Host {
    shared: Arc<Shared>,
}

impl Host {
    /// Counts a new connection in, unless its address has `per_address` open already.
    pub(crate) fn admit(&self, address: Option<IpAddr>, per_address: Option<usize>) -> Option<Guest> {
        let mut guests = self.shared.guests();
        let network = address.filter(|_| per_address.is_some()).map(network);
        if let (Some(network), Some(max)) = (network, per_address) {
            let open = guests.networks.entry(network).or_default();
            if *open >= max {
                return None;
            }
            *open += 1;
        }
        let id = guests.wakers.insert(None);
        let shared = Arc::clone(&self.shared);
        Some(Guest {
            shared,
            id,
            network,
            seen: Stage::Serving,
            registered: None,
            is_cut: false,
            counted: None,
        })
    }

    /// Tells every connection. Those counted out from now on are counted as finished or cut.
    pub(crate) fn announce(&self, stage: Stage) {
        let wakers: Vec<Waker> = {
            let mut guests = self.shared.guests();
            self.shared.stage.store(stage as u8, Ordering::Relaxed);
            guests.wakers.iter_mut().filter_map(|(_, waker)| waker.take()).collect()
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Ready when at most `at_most` connections are open.
    pub(crate) fn poll_at_most(&self, at_most: usize, cx: &Context<'_>) -> Poll<()> {
        if self.shared.guests().wakers.len() <= at_most {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        let mut guests = self.shared.guests();
        // INVARIANT: looked at again under the lock under which the waker is left, so no departure falls between.
        if guests.wakers.len() <= at_most {
            return Poll::Ready(());
        }
        if !guests.hosts.iter().any(|host| host.will_wake(&waker)) {
            guests.hosts.push(waker);
        }
        Poll::Pending
    }

    /// Connections that ended by themselves, and those that were cut, since draining began.
    pub(super) fn report(&self) -> Report {
        let guests = self.shared.guests();
        // A connection whose handler holds on to its thread cannot be told, and is lost with the runtime.
        Report { drained: guests.finished, cut: guests.cut + guests.wakers.len() }
    }
}

/// What is counted as one address: an IPv6 host has a whole /64 to itself (RFC 6177, RFC 7707).
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

/// A connection's side.
pub(crate) struct Guest {
    shared: Arc<Shared>,
    id: usize,
    /// The address it is counted for.
    network: Option<IpAddr>,
    seen: Stage,
    registered: Option<Waker>,
    is_cut: bool,
    /// What is counted of it, where that is wanted.
    counted: Option<Box<Counted>>,
}

impl Guest {
    /// For a connection that no server owns.
    pub(crate) fn alone() -> Self {
        let host = Host::default();
        let id = host.shared.guests().wakers.insert(None);
        Self {
            shared: host.shared,
            id,
            network: None,
            seen: Stage::Serving,
            registered: None,
            is_cut: false,
            counted: None,
        }
    }

    /// What the server asks for.
    pub(crate) fn stage(&self) -> Stage {
        self.shared.stage()
    }

    /// Ready when the stage is not the one seen last; else leaves the waker.
    pub(crate) fn poll_changed(&mut self, cx: &Context<'_>) -> Poll<Stage> {
        if self.stage() != self.seen {
            self.seen = self.stage();
            // The change took the waker away.
            self.registered = None;
            return Poll::Ready(self.seen);
        }
        if self.knows(cx.waker()) {
            return Poll::Pending;
        }
        let mut guests = self.shared.guests();
        // INVARIANT: the stage is looked at under the lock under which it changes, so no change falls between.
        if self.shared.stage() == self.seen
            && let Some(waker) = guests.wakers.get_mut(self.id)
        {
            *waker = Some(cx.waker().clone());
            self.registered = Some(cx.waker().clone());
            return Poll::Pending;
        }
        drop(guests);
        self.registered = None;
        self.seen = self.stage();
        Poll::Ready(self.seen)
    }

    /// Begins to be counted, if that is wanted.
    pub(crate) fn be_counted(
        &mut self,
        handle: Option<&ServerHandle>,
        peer: Option<SocketAddr>,
        since: Instant,
    ) {
        self.counted = handle.map(|handle| Box::new(Counted::open(handle, peer, since)));
    }

    /// What is counted of it, where that is wanted.
    #[inline]
    pub(crate) fn counted(&self) -> Option<&Counted> {
        self.counted.as_deref()
    }

    /// Counts something rare.
    pub(crate) fn note(&self, event: &ServerEvent) {
        if let Some(counted) = &self.counted {
            counted.note(event);
        }
    }

    /// Whether this is the waker that was left.
    #[inline]
    pub(crate) fn knows(&self, waker: &Waker) -> bool {
        self.registered.as_ref().is_some_and(|known| known.will_wake(waker))
    }

    /// Takes note that the connection ends because of the abort.
    pub(crate) fn mark_cut(&mut self) {
        self.is_cut = true;
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if let Some(counted) = self.counted.take() {
            counted.close(match self.shared.stage() {
                _ if self.is_cut => Ending::Cut,
                Stage::Serving => Ending::Closed,
                Stage::Draining | Stage::Aborting => Ending::Drained,
            });
        }
        let mut guests = self.shared.guests();
        guests.wakers.remove(self.id);
        if let Some(network) = self.network
            && let Entry::Occupied(mut open) = guests.networks.entry(network)
        {
            *open.get_mut() -= 1;
            if *open.get() == 0 {
                open.remove();
            }
        }
        if self.shared.stage() > Stage::Serving {
            match self.is_cut {
                true => guests.cut += 1,
                false => guests.finished += 1,
            }
        }
        let hosts = std::mem::take(&mut guests.hosts);
        drop(guests);
        hosts.into_iter().for_each(Waker::wake);
    }
}
