//! The connections of a client, by host.
//!
//! HTTP/1 connections are lent: one exchange has one, and gives it back when both messages are whole. HTTP/2 connections
//! are shared. What a host promises is counted by [`Permit`]s: a connection holds one for as long as it exists, so
//! that the bound per host holds on every path, and giving one up wakes whoever has waited longest.
//!
//! A connection serves the runtime it was made in, and no other: its socket and its timer belong to that one, which need
//! not be driven while another runs. HTTP/2 connections have tasks, and are shared by all.
//!
//! Each host has its own lock, and whatever belongs to a host leads to it without a look-up: an exchange takes the lock of
//! the table once.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use minato_runtime::runtime;
use minato_runtime::sync::oneshot;
use minato_runtime::time::sleep_until;

use super::config::PoolConfig;
use super::connect::Agreed;
use super::key::Key;
use super::{h1, h2};
use crate::clock::Instant;
use crate::limits::{QUIET_HOSTS, SWEEP_GRACE};

pub(super) struct Pool {
    config: PoolConfig,
    hosts: Mutex<Hosts>,
    /// Itself, for its hosts.
    this: Weak<Pool>,
}

#[derive(Default)]
struct Hosts {
    by_key: HashMap<Key, Arc<Host>, BuildHasherDefault<KeyHasher>>,
    /// When the task that closes connections nobody uses comes next; none if there is no such task.
    sweep_due: Option<Instant>,
    /// How many such tasks there have been. The last alone does the work.
    sweepers: u64,
    /// What was counted of hosts that are forgotten.
    forgotten: Counts,
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
    waiting: VecDeque<Waiting>,
    shared: Vec<Multiplexed>,
    /// What the host was found to speak, where that is agreed on when connecting.
    agreed: Option<Agreed>,
    /// HTTP/2 connections being made, and those who wait for them.
    connecting: usize,
    waiting_shared: Vec<oneshot::Sender<()>>,
    /// When somebody comes to look after idle connections.
    sweep_due: Option<Instant>,
    /// Connections on which nothing was said yet.
    attempts: usize,
    counts: Counts,
    /// The client is gone: nothing is kept any more.
    is_over: bool,
}

struct Idle {
    connection: Box<h1::Connection>,
    since: Instant,
}

/// An exchange without a connection, in this runtime.
struct Waiting {
    tell: oneshot::Sender<Lent>,
    runtime: Option<runtime::Id>,
}

/// A connection of HTTP/2, and how many exchanges have begun on it.
struct Multiplexed {
    handle: h2::Handle,
    begun: usize,
}

/// What has happened so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) connects: u64,
    pub(super) connect_failures: u64,
    pub(super) reuses: u64,
    pub(super) waits: u64,
}

impl Counts {
    pub(super) fn add(&mut self, other: Self) {
        self.connects += other.connects;
        self.connect_failures += other.connect_failures;
        self.reuses += other.reuses;
        self.waits += other.waits;
    }
}

/// How things stand with one host.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Standing {
    pub(super) idle: usize,
    pub(super) open: usize,
    pub(super) attempts: usize,
    pub(super) waiting: usize,
    pub(super) shared: usize,
    pub(super) exchanges: usize,
    pub(super) counts: Counts,
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
            let Hosts { by_key, forgotten, .. } = &mut *hosts;
            by_key.retain(|_, host| {
                let is_quiet = host.is_quiet();
                if is_quiet {
                    forgotten.add(host.state().counts);
                }
                !is_quiet
            });
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

    /// Sees to it that idle connections are closed in time, the first of them at `due`.
    fn sweep(&self, due: Instant, now: Instant) {
        let mut hosts = self.hosts();
        if is_awaited(hosts.sweep_due, due, now) {
            return;
        }
        hosts.sweep_due = Some(due);
        hosts.sweepers += 1;
        let sweeper = Sweeper { pool: self.this.clone(), number: hosts.sweepers };
        drop(hosts);
        drop(minato_runtime::spawn(sweep(sweeper, due)));
    }

    /// Closes connections nobody has used for long; answers when to come again. For the last sweeper only.
    fn close_unused(&self, now: Instant, sweeper: u64) -> Option<Instant> {
        let mut hosts = self.hosts();
        if hosts.sweepers != sweeper {
            return None;
        }
        let mut unused = Vec::new();
        let dues: Vec<_> = hosts.by_key.values().map(|host| host.take_unused(now, &mut unused)).collect();
        let next = dues.into_iter().flatten().min();
        hosts.sweep_due = next;
        drop(hosts);
        // Closing a connection gives up its permit, which takes the lock of its host.
        drop(unused);
        next
    }

    /// Closes all idle connections.
    pub(super) fn close_idle(&self) {
        let hosts: Vec<_> = self.hosts().by_key.values().cloned().collect();
        for host in hosts {
            let mut state = host.state();
            let idle = std::mem::take(&mut state.idle);
            let shared: Vec<_> = state.shared.iter().map(|shared| shared.handle.clone()).collect();
            drop(state);
            drop(idle);
            // Those that end wake their tasks, which is no work for under a lock.
            shared.iter().for_each(h2::Handle::close_if_idle);
        }
    }

    /// How things stand, host by host, and what was counted of hosts that are forgotten.
    pub(super) fn standing(&self) -> (Vec<(Key, Standing)>, Counts) {
        let hosts = self.hosts();
        let standing = hosts.by_key.values().map(|host| (host.key.clone(), host.standing())).collect();
        (standing, hosts.forgotten)
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
            && state.shared.iter().all(|shared| shared.handle.is_closed())
    }

    /// When a connection that was made then takes no more requests.
    fn is_aged(&self, made: Instant, now: Instant) -> bool {
        self.config.max_age.is_some_and(|age| now.saturating_duration_since(made) >= age)
    }

    /// Whether a connection takes no more requests, having served for long or many.
    fn is_worn(&self, connection: &h1::Connection, now: Instant) -> bool {
        self.is_aged(connection.made(), now)
            || self.config.requests_per_connection.is_some_and(|most| connection.served() >= most)
    }

    /// When an idle connection is to be closed; none if that is beyond all time.
    fn due(&self, idle: &Idle) -> Option<Instant> {
        let rests = idle.since.checked_add(self.config.idle_timeout);
        let ages = self.config.max_age.and_then(|age| idle.connection.made().checked_add(age));
        rests.into_iter().chain(ages).min()
    }

    fn is_rested(&self, idle: &Idle, now: Instant) -> bool {
        now.saturating_duration_since(idle.since) >= self.config.idle_timeout
    }

    /// A connection or leave to make one; else a place in the queue. `fresh` asks for one that has not served.
    pub(super) fn lend(self: &Arc<Self>, fresh: bool) -> Result<Lent, oneshot::Receiver<Lent>> {
        let runtime = runtime::Id::current();
        let mut stale = Vec::new();
        let mut state = self.state();
        let mut lent = match fresh {
            // Whoever wants a fresh one has found a dead one, and so are the others of the kind.
            true => {
                stale.append(&mut state.idle);
                None
            }
            false => self.take_idle(&mut state, runtime, &mut stale).map(Lent::Connection),
        };
        let has_place = self.config.connections_per_host.is_none_or(|max| state.open < max);
        if lent.is_none() && stale.is_empty() && !has_place && !state.idle.is_empty() {
            // The place is taken by a connection of another runtime that nobody uses.
            stale.push(state.idle.remove(0));
        }
        if lent.is_none() {
            // A connection that is put away leaves its permit: nobody else is to get that as well.
            lent = stale.last_mut().and_then(|idle| idle.connection.take_permit()).map(Lent::Permit);
        }
        if lent.is_none() && has_place {
            state.open += 1;
            lent = Some(Lent::Permit(Permit { host: Some(Arc::clone(self)) }));
        }
        lent.ok_or_else(|| {
            // LIMIT: those who have stopped waiting do not fill the queue of a host that is stuck.
            if state.waiting.len() == state.waiting.capacity() {
                state.waiting.retain(|waiting| !waiting.tell.is_closed());
            }
            let (tell, told) = oneshot::channel();
            state.waiting.push_back(Waiting { tell, runtime });
            state.counts.waits += 1;
            told
        })
    }

    /// A connection that has served, if there is one.
    pub(super) fn lend_kept(&self) -> Option<Box<h1::Connection>> {
        let mut stale = Vec::new();
        let kept = self.take_idle(&mut self.state(), runtime::Id::current(), &mut stale);
        drop(stale);
        kept
    }

    /// The idle connection of this runtime used last that can be used again. Those that cannot are for the caller to drop,
    /// without the lock: closing them gives up their permits, which takes it.
    fn take_idle(
        &self,
        state: &mut State,
        runtime: Option<runtime::Id>,
        stale: &mut Vec<Idle>,
    ) -> Option<Box<h1::Connection>> {
        let mut now = None;
        while let Some(at) = state.idle.iter().rposition(|idle| idle.connection.runtime() == runtime) {
            let mut idle = state.idle.remove(at);
            // Whoever should have closed it may be late.
            let now = *now.get_or_insert_with(Instant::now);
            let is_over = self.is_aged(idle.connection.made(), now) || self.is_rested(&idle, now);
            if !is_over && idle.connection.is_usable() {
                state.counts.reuses += 1;
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
                let due = match lent {
                    Lent::Connection(connection) if has_room && !self.is_worn(&connection, now) => {
                        let idle = Idle { connection, since: now };
                        let due = self.due(&idle);
                        state.idle.push(idle);
                        due
                    }
                    unwanted => {
                        // INVARIANT: a permit is not dropped under the lock, which giving it up takes.
                        drop(state);
                        return drop(unwanted);
                    }
                };
                if let Some(due) = due
                    && !is_awaited(state.sweep_due, due, now)
                {
                    state.sweep_due = Some(due);
                    drop(state);
                    if let Some(pool) = self.pool.upgrade() {
                        pool.sweep(due, now);
                    }
                }
                return;
            };
            match lent {
                // Whoever waits makes a new one, with the permit of this.
                Lent::Connection(unfit)
                    if self.is_worn(&unfit, now) || waiting.runtime != unfit.runtime() =>
                {
                    state.waiting.push_front(waiting);
                    drop(state);
                    return drop(unfit);
                }
                lending => {
                    state.counts.reuses += u64::from(!waiting.tell.is_closed());
                    drop(state);
                    match waiting.tell.send(lending) {
                        Ok(()) => return,
                        Err(unwanted) => lent = unwanted,
                    }
                }
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
            match waiting.tell.send(Lent::Permit(permit)) {
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
        let most = self.config.requests_per_connection;
        state.shared.retain(|shared| {
            let is_aged = now.is_some_and(|now| self.is_aged(shared.handle.made(), now));
            if is_aged || most.is_some_and(|most| shared.begun >= most) {
                // What has begun on it goes on; it ends with the last of that.
                shared.handle.retire();
            }
            !shared.handle.is_closed()
        });
        let max = self.config.http2_connections_per_host.max(1);
        loop {
            let made = state.shared.len() + state.connecting;
            // At the last connection allowed the request waits in line for a stream to end.
            let fit = state.shared.iter_mut().filter(|shared| made >= max || shared.handle.has_room());
            let Some(shared) = fit.min_by_key(|shared| shared.handle.open()) else {
                if made < max {
                    state.connecting += 1;
                    return Shared::Permit(ConnectPermit { host: Some(Arc::clone(self)) });
                }
                return Shared::Wait(state.wait_for_shared());
            };
            if let Some(ticket) = shared.handle.begin() {
                shared.begun += 1;
                let handle = shared.handle.clone();
                state.counts.reuses += 1;
                return Shared::Connection(handle, ticket);
            }
            // It has ended since it was looked at.
            state.shared.retain(|shared| !shared.handle.is_closed());
        }
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

    fn connected(&self, made: Option<Multiplexed>) {
        let mut state = self.state();
        state.connecting -= 1;
        state.shared.extend(made);
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
            match self.due(&idle) {
                Some(due) if due <= now => unused.push(idle),
                due => {
                    next = next.into_iter().chain(due).min();
                    state.idle.push(idle);
                }
            }
        }
        state.sweep_due = next;
        next
    }

    /// Counts a connection that is being made, until what is returned is dropped.
    pub(super) fn attempt(&self) -> Attempt<'_> {
        self.state().attempts += 1;
        Attempt { host: self, outcome: None }
    }

    fn standing(&self) -> Standing {
        let state = self.state();
        let waiting = state.waiting.iter().filter(|waiting| !waiting.tell.is_closed()).count();
        let waiting_shared = state.waiting_shared.iter().filter(|waiting| !waiting.is_closed()).count();
        let shared = state.shared.iter().filter(|shared| !shared.handle.is_closed());
        Standing {
            idle: state.idle.len(),
            open: state.open,
            attempts: state.attempts,
            waiting: waiting + waiting_shared,
            shared: shared.count(),
            exchanges: state.shared.iter().map(|shared| shared.handle.open()).sum(),
            counts: state.counts,
        }
    }
}

/// A connection that is being made.
pub(super) struct Attempt<'a> {
    host: &'a Host,
    /// Whether it was made; `None` if nobody waits for that any longer.
    outcome: Option<bool>,
}

impl Attempt<'_> {
    /// Counts what has become of it.
    pub(super) fn ended(mut self, is_made: bool) {
        self.outcome = Some(is_made);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut state = self.host.state();
        state.attempts -= 1;
        match self.outcome {
            Some(true) => state.counts.connects += 1,
            Some(false) => state.counts.connect_failures += 1,
            None => {}
        }
    }
}

impl State {
    fn wait_for_shared(&mut self) -> oneshot::Receiver<()> {
        if self.waiting_shared.len() == self.waiting_shared.capacity() {
            self.waiting_shared.retain(|waiting| !waiting.is_closed());
        }
        let (tell, told) = oneshot::channel();
        self.waiting_shared.push(tell);
        self.counts.waits += 1;
        told
    }
}

/// Whether somebody comes by then. One who is late does not come any more: the runtime is not driven.
fn is_awaited(sweep_due: Option<Instant>, due: Instant, now: Instant) -> bool {
    sweep_due.is_some_and(|at| at <= due && now.saturating_duration_since(at) < SWEEP_GRACE)
}

/// Closes connections that nobody uses, for as long as there are some and its runtime lives.
struct Sweeper {
    pool: Weak<Pool>,
    number: u64,
}

async fn sweep(sweeper: Sweeper, first: Instant) {
    let mut next = Some(first);
    while let Some(due) = next {
        sleep_until(due).await;
        let pool = sweeper.pool.upgrade();
        next = pool.and_then(|pool| pool.close_unused(Instant::now(), sweeper.number));
    }
}

/// If its runtime ends before it does, another has to look after what is left.
impl Drop for Sweeper {
    fn drop(&mut self) {
        let Some(pool) = self.pool.upgrade() else { return };
        let mut hosts = pool.hosts();
        if hosts.sweepers == self.number {
            hosts.sweep_due = None;
            for host in hosts.by_key.values() {
                host.state().sweep_due = None;
            }
        }
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
    /// Shares the connection that was made, on which so many exchanges have begun.
    pub(super) fn connected(mut self, handle: h2::Handle, begun: usize) {
        if let Some(host) = self.host.take() {
            host.connected(Some(Multiplexed { handle, begun }));
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
