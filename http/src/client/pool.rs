//! The connections of a client, by host.
//!
//! HTTP/1 connections are lent: one exchange has one, and gives it back when both messages are whole. HTTP/2 connections
//! are shared. What a host promises is counted by [`Permit`]s: a connection holds one for as long as it exists, so
//! that the bound per host holds on every path, and giving one up wakes whoever has waited longest.
//!
//! Each host has its own lock, and whatever belongs to a host leads to it without a look-up: an exchange takes the lock of
//! the table once.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
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
    /// Itself, for its hosts.
    this: Weak<Pool>,
}

#[derive(Default)]
struct Hosts {
    by_key: HashMap<Key, Arc<Host>, BuildHasherDefault<KeyHasher>>,
    /// A task is around that closes connections nobody uses.
    is_swept: bool,
}

/// The connections to one place.
pub(super) struct Host {
    key: Key,
    pool: Weak<Pool>,
    config: PoolConfig,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
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
    /// Idle connections are looked after.
    is_swept: bool,
    /// The client is gone: nothing is kept any more.
    is_over: bool,
}

struct Idle {
    connection: Box<h1::Connection>,
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

    /// The host of this key.
    pub(super) fn host(&self, key: &Key) -> Arc<Host> {
        let mut hosts = self.hosts();
        if let Some(host) = hosts.by_key.get(key) {
            return Arc::clone(host);
        }
        // LIMIT: a client that talks to ever new hosts does not remember them all.
        if hosts.by_key.len() > QUIET_HOSTS {
            hosts.by_key.retain(|_, host| !host.is_quiet());
        }
        let host = Arc::new(Host {
            key: key.clone(),
            pool: self.this.clone(),
            config: self.config.clone(),
            state: Mutex::default(),
        });
        hosts.by_key.insert(key.clone(), Arc::clone(&host));
        host
    }

    /// Sees to it that idle connections are closed in time.
    fn sweep(&self) {
        if !std::mem::replace(&mut self.hosts().is_swept, true) {
            drop(minato_runtime::spawn(sweep(self.this.clone())));
        }
    }

    /// Closes connections nobody has used for long; answers when to come again.
    fn close_unused(&self, now: Instant) -> Option<Instant> {
        let mut hosts = self.hosts();
        let mut unused = Vec::new();
        let dues: Vec<_> = hosts.by_key.values().map(|host| host.take_unused(now, &mut unused)).collect();
        let next = dues.into_iter().flatten().min();
        hosts.is_swept = next.is_some();
        drop(hosts);
        // Closing a connection gives up its permit, which takes the lock of its host.
        drop(unused);
        next
    }
}

/// Idle connections hold their host, which holds them: here that ends.
impl Drop for Pool {
    fn drop(&mut self) {
        let hosts = std::mem::take(&mut self.hosts().by_key);
        for host in hosts.into_values() {
            let idle = {
                let mut state = host.state();
                state.is_over = true;
                std::mem::take(&mut state.idle)
            };
            drop(idle);
        }
    }
}

impl Host {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    /// Whether nothing would be lost with it. Whoever has a connection, or leave to make one, holds the host.
    fn is_quiet(self: &Arc<Self>) -> bool {
        let state = self.state();
        Arc::strong_count(self) == 1
            && state.open == 0
            && state.connecting == 0
            && state.shared.iter().all(h2::Handle::is_closed)
    }

    /// When a connection that was made then takes no more requests.
    fn is_aged(&self, made: Instant, now: Instant) -> bool {
        self.config.max_age.is_some_and(|age| now.saturating_duration_since(made) >= age)
    }

    /// A connection or leave to make one; else a place in the queue. `fresh` asks for one that has not served.
    pub(super) fn lend(self: &Arc<Self>, fresh: bool) -> Result<Lent, oneshot::Receiver<Lent>> {
        let mut stale = Vec::new();
        let mut state = self.state();
        let mut lent = self.take_idle(&mut state, fresh, &mut stale).map(Lent::Connection);
        if lent.is_none() {
            // A connection that is put away leaves its permit: nobody else is to get that as well.
            lent = stale.last_mut().map(|idle| Lent::Permit(idle.connection.take_permit()));
        }
        if lent.is_none() && self.config.connections_per_host.is_none_or(|max| state.open < max) {
            state.open += 1;
            lent = Some(Lent::Permit(Permit { host: Some(Arc::clone(self)) }));
        }
        lent.ok_or_else(|| {
            // LIMIT: those who have stopped waiting do not fill the queue of a host that is stuck.
            if state.waiting.len() == state.waiting.capacity() {
                state.waiting.retain(|waiting| !waiting.is_closed());
            }
            let (tell, told) = oneshot::channel();
            state.waiting.push_back(tell);
            told
        })
    }

    /// A connection that has served, if there is one.
    pub(super) fn lend_kept(&self) -> Option<Box<h1::Connection>> {
        let mut stale = Vec::new();
        let kept = self.take_idle(&mut self.state(), false, &mut stale);
        drop(stale);
        kept
    }

    /// The idle connection used last that can be used again. Those that cannot are for the caller to drop, without the
    /// lock: closing them gives up their permits, which takes it.
    fn take_idle(
        &self,
        state: &mut State,
        fresh: bool,
        stale: &mut Vec<Idle>,
    ) -> Option<Box<h1::Connection>> {
        while let Some(mut idle) = state.idle.pop() {
            let is_aged =
                self.config.max_age.is_some() && self.is_aged(idle.connection.made(), Instant::now());
            if !fresh && !is_aged && idle.connection.is_usable() {
                return Some(idle.connection);
            }
            stale.push(idle);
        }
        None
    }

    /// What the host was found to speak.
    pub(super) fn has_agreed(&self) -> Option<Agreed> {
        self.state().agreed
    }

    /// Takes a connection back that is ready for another exchange.
    pub(super) fn give(&self, connection: Box<h1::Connection>) {
        let now = Instant::now();
        let mut lent = Lent::Connection(connection);
        loop {
            let mut state = self.state();
            let Some(waiting) = state.waiting.pop_front() else {
                let has_room = state.idle.len() < self.config.idle_per_host && !state.is_over;
                let must_sweep = match lent {
                    Lent::Connection(connection) if has_room && !self.is_aged(connection.made(), now) => {
                        state.idle.push(Idle { connection, since: now });
                        !std::mem::replace(&mut state.is_swept, true)
                    }
                    unwanted => {
                        // INVARIANT: a permit is not dropped under the lock, which giving it up takes.
                        drop(state);
                        return drop(unwanted);
                    }
                };
                drop(state);
                if must_sweep && let Some(pool) = self.pool.upgrade() {
                    pool.sweep();
                }
                return;
            };
            drop(state);
            match lent {
                // Whoever waits makes a new one, with the permit of this.
                Lent::Connection(aged) if self.is_aged(aged.made(), now) => {
                    self.state().waiting.push_front(waiting);
                    return drop(aged);
                }
                lending => match waiting.send(lending) {
                    Ok(()) => return,
                    Err(unwanted) => lent = unwanted,
                },
            }
        }
    }

    fn give_up(self: Arc<Self>) {
        loop {
            let mut state = self.state();
            let Some(waiting) = state.waiting.pop_front() else {
                state.open -= 1;
                return;
            };
            drop(state);
            // The permit changes hands, and is not counted anew.
            let permit = Permit { host: Some(Arc::clone(&self)) };
            match waiting.send(Lent::Permit(permit)) {
                Ok(()) => return,
                Err(Lent::Permit(mut permit)) => permit.host = None,
                Err(Lent::Connection(_)) => return,
            }
        }
    }

    /// A shared connection with room, or what to do about having none.
    pub(super) fn share(self: &Arc<Self>) -> Shared {
        let mut state = self.state();
        let now = self.config.max_age.map(|_| Instant::now());
        state.shared.retain(|handle| {
            if now.is_some_and(|now| self.is_aged(handle.made(), now)) {
                // What has begun on it goes on; it ends with the last of that.
                handle.retire();
            }
            !handle.is_closed()
        });
        let made = state.shared.len() + state.connecting;
        let max = self.config.http2_connections_per_host.max(1);
        let mut handles: Vec<&h2::Handle> = state.shared.iter().collect();
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
            state.connecting += 1;
            return Shared::Permit(ConnectPermit { host: Some(Arc::clone(self)) });
        }
        Shared::Wait(state.wait_for_shared())
    }

    /// What a host speaks, or what to do about not knowing.
    pub(super) fn agree(self: &Arc<Self>) -> Agreement {
        let mut state = self.state();
        if let Some(agreed) = state.agreed {
            return Agreement::Known(agreed);
        }
        if state.connecting == 0 {
            state.connecting += 1;
            return Agreement::Permit(ConnectPermit { host: Some(Arc::clone(self)) });
        }
        Agreement::Wait(state.wait_for_shared())
    }

    /// Takes note of what a host speaks, or that it does not speak what it did.
    pub(super) fn agreed(&self, agreed: Option<Agreed>) {
        self.state().agreed = agreed;
    }

    fn connected(&self, handle: Option<h2::Handle>) {
        let mut state = self.state();
        state.connecting -= 1;
        state.shared.extend(handle);
        let waiting = std::mem::take(&mut state.waiting_shared);
        drop(state);
        // Whoever has stopped waiting needs no telling.
        for waiting in waiting {
            let _ = waiting.send(());
        }
    }

    /// Takes the connections out that nobody has used for long; answers when to come again.
    fn take_unused(&self, now: Instant, unused: &mut Vec<Idle>) -> Option<Instant> {
        let mut state = self.state();
        let mut next: Option<Instant> = None;
        for idle in std::mem::take(&mut state.idle) {
            let rests = idle.since.checked_add(self.config.idle_timeout);
            let ages = self.config.max_age.and_then(|age| idle.connection.made().checked_add(age));
            match rests.into_iter().chain(ages).min() {
                Some(due) if due <= now => unused.push(idle),
                due => {
                    next = next.into_iter().chain(due).min();
                    state.idle.push(idle);
                }
            }
        }
        state.is_swept = next.is_some();
        next
    }
}

impl State {
    fn wait_for_shared(&mut self) -> oneshot::Receiver<()> {
        if self.waiting_shared.len() == self.waiting_shared.capacity() {
            self.waiting_shared.retain(|waiting| !waiting.is_closed());
        }
        let (tell, told) = oneshot::channel();
        self.waiting_shared.push(tell);
        told
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
    /// `None` once it has been given up, or has changed hands.
    host: Option<Arc<Host>>,
}

impl Permit {
    pub(super) fn host(&self) -> Option<Arc<Host>> {
        self.host.clone()
    }

    /// The leave itself, for another connection than the one that had it.
    pub(super) fn take(&mut self) -> Self {
        Self { host: self.host.take() }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(host) = self.host.take() {
            host.give_up();
        }
    }
}

/// Leave to make one HTTP/2 connection.
pub(super) struct ConnectPermit {
    /// `None` once it has been settled.
    host: Option<Arc<Host>>,
}

impl ConnectPermit {
    /// Shares the connection that was made.
    pub(super) fn connected(mut self, handle: h2::Handle) {
        if let Some(host) = self.host.take() {
            host.connected(Some(handle));
        }
    }
}

impl Drop for ConnectPermit {
    fn drop(&mut self) {
        if let Some(host) = self.host.take() {
            host.connected(None);
        }
    }
}

/// Multiplies and folds. What is hashed are the places the user sends requests to, in a table that is bounded.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        self.0 = (product ^ (product >> 64)) as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.hosts();
        let waiting: usize = hosts.by_key.values().map(|host| host.state().waiting.len()).sum();
        f.debug_struct("Pool")
            .field("hosts", &hosts.by_key.len())
            .field("waiting", &waiting)
            .finish_non_exhaustive()
    }
}
