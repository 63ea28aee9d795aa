//! The connections of a client, by host.
//!
//! HTTP/1 connections are lent: one exchange has one, and gives it back when both messages are whole. HTTP/2 connections
//! are shared. What the pool promises is counted by [`Permit`]s: a connection holds one for as long as it exists, so
//! that the bound per host holds on every path, and giving one up wakes whoever has waited longest.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use minato_runtime::sync::oneshot;
use minato_runtime::time::sleep_until;

use super::config::PoolConfig;
use super::connect::Agreed;
use super::key::Key;
use super::{h1, h2};
use crate::clock::Instant;
use crate::limits::QUIET_HOSTS;

pub(super) struct Pool {
    config: PoolConfig,
    hosts: Mutex<Hosts>,
    /// Itself, for permits.
    this: Weak<Pool>,
}

#[derive(Default)]
struct Hosts {
    by_key: HashMap<Key, Host>,
    /// A task is around that closes connections nobody uses.
    is_swept: bool,
}

#[derive(Default)]
struct Host {
    /// Idle connections, the one used last at the end.
    idle: Vec<Idle>,
    /// Permits given out.
    open: usize,
    waiting: VecDeque<oneshot::Sender<Lent>>,
    shared: Vec<h2::Handle>,
    /// What the host was found to speak, where that is agreed on when connecting.
    agreed: Option<Agreed>,
    /// HTTP/2 connections being made, and those who wait for them.
    connecting: usize,
    waiting_shared: Vec<oneshot::Sender<()>>,
}

struct Idle {
    connection: h1::Connection,
    since: Instant,
}

/// What an exchange gets from the pool.
pub(super) enum Lent {
    /// A connection that has served before.
    Connection(Box<h1::Connection>),
    /// Leave to make one.
    Permit(Permit),
}

/// What an exchange over HTTP/2 gets.
pub(super) enum Shared {
    /// A connection, counted in.
    Connection(h2::Handle, crate::h2::Ticket),
    /// Leave to make one.
    Permit(ConnectPermit),
    /// Somebody makes one: look again then.
    Wait(oneshot::Receiver<()>),
}

/// What is to be done before it is known what a host speaks.
pub(super) enum Agreement {
    Known(Agreed),
    /// Make a connection, and find out.
    Permit(ConnectPermit),
    /// Somebody does: look again then.
    Wait(oneshot::Receiver<()>),
}

impl Pool {
    pub(super) fn new(config: PoolConfig) -> Arc<Self> {
        Arc::new_cyclic(|this| Self { config, hosts: Mutex::default(), this: this.clone() })
    }

    fn hosts(&self) -> MutexGuard<'_, Hosts> {
        self.hosts.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// A connection or leave to make one; else a place in the queue. `fresh` asks for one that has not served.
    pub(super) fn lend(&self, key: &Key, fresh: bool) -> Result<Lent, oneshot::Receiver<Lent>> {
        let mut stale = Vec::new();
        let mut hosts = self.hosts();
        hosts.forget_quiet();
        let host = hosts.by_key.entry(key.clone()).or_default();
        let mut lent = None;
        while let Some(mut idle) = host.idle.pop() {
            match !fresh && idle.connection.is_usable() {
                true => {
                    lent = Some(Lent::Connection(Box::new(idle.connection)));
                    break;
                }
                // Closing it gives up its permit, which takes the lock.
                false => stale.push(idle),
            }
        }
        // Permits of stale connections are as good as given up.
        let open = host.open - stale.len();
        if lent.is_none() && self.config.connections_per_host.is_none_or(|max| open < max) {
            host.open += 1;
            lent = Some(Lent::Permit(Permit { pool: self.this.clone(), key: key.clone() }));
        }
        lent.ok_or_else(|| {
            let (tell, told) = oneshot::channel();
            host.waiting.push_back(tell);
            told
        })
    }

    /// Takes a connection back that is ready for another exchange.
    pub(super) fn give(&self, key: &Key, connection: h1::Connection) {
        let mut lent = Lent::Connection(Box::new(connection));
        loop {
            let mut hosts = self.hosts();
            let Some(host) = hosts.by_key.get_mut(key) else { return };
            let Some(waiting) = host.waiting.pop_front() else {
                let has_room = host.idle.len() < self.config.idle_per_host;
                let must_sweep = match lent {
                    Lent::Connection(connection) if has_room => {
                        host.idle.push(Idle { connection: *connection, since: Instant::now() });
                        !std::mem::replace(&mut hosts.is_swept, true)
                    }
                    unwanted => {
                        // INVARIANT: a permit is not dropped under the lock, which giving it up takes.
                        drop(hosts);
                        return drop(unwanted);
                    }
                };
                drop(hosts);
                if must_sweep {
                    drop(minato_runtime::spawn(sweep(self.this.clone())));
                }
                return;
            };
            drop(hosts);
            match waiting.send(lent) {
                Ok(()) => return,
                Err(unwanted) => lent = unwanted,
            }
        }
    }

    fn give_up(&self, key: &Key) {
        loop {
            let mut hosts = self.hosts();
            let Some(host) = hosts.by_key.get_mut(key) else { return };
            let Some(waiting) = host.waiting.pop_front() else {
                host.open -= 1;
                return;
            };
            drop(hosts);
            // The permit changes hands, and is not counted anew.
            let permit = Permit { pool: self.this.clone(), key: key.clone() };
            match waiting.send(Lent::Permit(permit)) {
                Ok(()) => return,
                Err(Lent::Permit(mut permit)) => permit.pool = Weak::new(),
                Err(Lent::Connection(_)) => return,
            }
        }
    }

    /// A shared connection with room, or what to do about having none.
    pub(super) fn share(&self, key: &Key) -> Shared {
        let mut hosts = self.hosts();
        hosts.forget_quiet();
        let host = hosts.by_key.entry(key.clone()).or_default();
        host.shared.retain(|handle| !handle.is_closed());
        let made = host.shared.len() + host.connecting;
        let max = self.config.http2_connections_per_host.max(1);
        let mut handles: Vec<&h2::Handle> = host.shared.iter().collect();
        handles.sort_by_key(|handle| handle.open());
        for handle in handles {
            // At the last connection allowed the request waits inside h2, for a stream to end.
            if (handle.has_room() || made >= max)
                && let Some(ticket) = handle.begin()
            {
                return Shared::Connection(handle.clone(), ticket);
            }
        }
        if made < max {
            host.connecting += 1;
            return Shared::Permit(ConnectPermit { pool: self.this.clone(), key: key.clone() });
        }
        let (tell, told) = oneshot::channel();
        host.waiting_shared.push(tell);
        Shared::Wait(told)
    }

    /// What a host speaks, or what to do about not knowing.
    pub(super) fn agree(&self, key: &Key) -> Agreement {
        let mut hosts = self.hosts();
        hosts.forget_quiet();
        let host = hosts.by_key.entry(key.clone()).or_default();
        if let Some(agreed) = host.agreed {
            return Agreement::Known(agreed);
        }
        if host.connecting == 0 {
            host.connecting += 1;
            return Agreement::Permit(ConnectPermit { pool: self.this.clone(), key: key.clone() });
        }
        let (tell, told) = oneshot::channel();
        host.waiting_shared.push(tell);
        Agreement::Wait(told)
    }

    /// Takes note of what a host speaks, or that it does not speak what it did.
    pub(super) fn agreed(&self, key: &Key, agreed: Option<Agreed>) {
        if let Some(host) = self.hosts().by_key.get_mut(key) {
            host.agreed = agreed;
        }
    }

    fn connected(&self, key: &Key, handle: Option<h2::Handle>) {
        let mut hosts = self.hosts();
        let Some(host) = hosts.by_key.get_mut(key) else { return };
        host.connecting -= 1;
        host.shared.extend(handle);
        let waiting = std::mem::take(&mut host.waiting_shared);
        drop(hosts);
        // Whoever has stopped waiting needs no telling.
        for waiting in waiting {
            let _ = waiting.send(());
        }
    }

    /// Closes connections nobody has used for long; answers when to come again.
    fn close_unused(&self, now: Instant) -> Option<Instant> {
        let mut unused = Vec::new();
        let mut hosts = self.hosts();
        let mut next: Option<Instant> = None;
        for host in hosts.by_key.values_mut() {
            for idle in std::mem::take(&mut host.idle) {
                match idle.since.checked_add(self.config.idle_timeout) {
                    Some(due) if due <= now => unused.push(idle),
                    due => {
                        next = next.into_iter().chain(due).min();
                        host.idle.push(idle);
                    }
                }
            }
        }
        hosts.is_swept = next.is_some();
        drop(hosts);
        drop(unused);
        next
    }
}

impl Hosts {
    /// LIMIT: a client that talks to ever new hosts does not remember them all.
    fn forget_quiet(&mut self) {
        if self.by_key.len() > QUIET_HOSTS {
            self.by_key.retain(|_, host| !host.is_quiet());
        }
    }
}

impl Host {
    fn is_quiet(&self) -> bool {
        self.open == 0 && self.connecting == 0 && self.shared.iter().all(h2::Handle::is_closed)
    }
}

async fn sweep(pool: Weak<Pool>) {
    loop {
        let Some(next) = pool.upgrade().and_then(|pool| pool.close_unused(Instant::now())) else { return };
        sleep_until(next).await;
    }
}

/// Leave for one HTTP/1 connection to exist.
pub(super) struct Permit {
    pool: Weak<Pool>,
    key: Key,
}

impl Permit {
    /// The pool it is of, while that exists.
    pub(super) fn pool(&self) -> Option<Arc<Pool>> {
        self.pool.upgrade()
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.give_up(&self.key);
        }
    }
}

/// Leave to make one HTTP/2 connection.
pub(super) struct ConnectPermit {
    pool: Weak<Pool>,
    key: Key,
}

impl ConnectPermit {
    /// Shares the connection that was made.
    pub(super) fn connected(mut self, handle: h2::Handle) {
        self.settle(Some(handle));
        // Settled: there is nothing left to give up.
        self.pool = Weak::new();
    }

    fn settle(&self, handle: Option<h2::Handle>) {
        if let Some(pool) = self.pool.upgrade() {
            pool.connected(&self.key, handle);
        }
    }
}

impl Drop for ConnectPermit {
    fn drop(&mut self) {
        self.settle(None);
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.hosts();
        f.debug_struct("Pool").field("hosts", &hosts.by_key.len()).finish_non_exhaustive()
    }
}
