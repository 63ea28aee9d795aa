//! How a client's connections stand.

use std::fmt;
use std::sync::{Arc, Weak};

use http::Uri;

use super::Client;
use super::pool::{Counts, Pool, Standing};

impl Client {
    /// The connections of this client, to be looked at and counted; all clones of a client have the same.
    ///
    /// ```
    /// use minato_http::Client;
    ///
    /// let client = Client::new();
    /// let pool = client.pool();
    /// assert_eq!(pool.status().connects(), 0);
    /// drop(client);
    /// assert!(pool.status().hosts.is_empty());
    /// ```
    #[must_use]
    pub fn pool(&self) -> PoolHandle {
        PoolHandle { pool: Arc::downgrade(&self.shared.pool) }
    }
}

/// Looks at the connections of a [`Client`], and does not keep them open; made by [`Client::pool`].
#[derive(Clone)]
pub struct PoolHandle {
    pool: Weak<Pool>,
}

impl PoolHandle {
    /// How things stand now. That takes the lock of each host in turn, and is meant to be asked every few seconds.
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        let Some(pool) = self.pool.upgrade() else { return PoolStatus::default() };
        let (standing, forgotten) = pool.standing();
        let mut hosts: Vec<HostStatus> =
            standing.into_iter().map(|(key, standing)| HostStatus::new(key.uri(), standing)).collect();
        hosts.sort_by_cached_key(|host| host.origin.to_string());
        PoolStatus { hosts, forgotten }
    }

    /// Closes connections that nobody uses, those of HTTP/2 without an exchange among them.
    pub fn close_idle(&self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.close_idle();
        }
    }
}

impl fmt::Debug for PoolHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolHandle").finish_non_exhaustive()
    }
}

/// How the connections of a client stand, host by host.
///
/// What is counted goes on from the beginning of the client; hosts without connections that the client has forgotten are in
/// the sums.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct PoolStatus {
    /// The hosts it remembers, in the order of their origins.
    pub hosts: Vec<HostStatus>,
    forgotten: Counts,
}

/// How the connections to one origin stand.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostStatus {
    /// Scheme, host and port.
    pub origin: Uri,
    /// HTTP/1 connections that wait for a request.
    pub idle: usize,
    /// HTTP/1 connections that serve an exchange, or are being made for one.
    pub in_use: usize,
    /// HTTP/2 connections that take requests.
    pub http2_connections: usize,
    /// Exchanges on HTTP/2 connections.
    pub http2_exchanges: usize,
    /// Connections of either kind that are being made.
    pub connecting: usize,
    /// Requests without a connection, that wait for one.
    pub waiting: usize,
    /// Connections that were made.
    pub connects: u64,
    /// Connections that could not be made, or not in time.
    pub connect_failures: u64,
    /// Requests sent over a connection that was there.
    pub reuses: u64,
    /// Requests that had to wait for a connection of others.
    pub waits: u64,
}

impl HostStatus {
    fn new(origin: Uri, standing: Standing) -> Self {
        let Standing { idle, open, attempts, waiting, shared, exchanges, counts } = standing;
        Self {
            origin,
            idle,
            in_use: open.saturating_sub(idle),
            http2_connections: shared,
            http2_exchanges: exchanges,
            connecting: attempts,
            waiting,
            connects: counts.connects,
            connect_failures: counts.connect_failures,
            reuses: counts.reuses,
            waits: counts.waits,
        }
    }
}

impl PoolStatus {
    /// HTTP/1 connections that wait for a request.
    #[must_use]
    pub fn idle(&self) -> usize {
        self.hosts.iter().map(|host| host.idle).sum()
    }

    /// HTTP/1 connections that serve, and HTTP/2 connections with an exchange or without.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.hosts.iter().map(|host| host.in_use + host.http2_connections).sum()
    }

    /// Requests without a connection, that wait for one.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.hosts.iter().map(|host| host.waiting).sum()
    }

    /// Connections that were made.
    #[must_use]
    pub fn connects(&self) -> u64 {
        self.forgotten.connects + self.hosts.iter().map(|host| host.connects).sum::<u64>()
    }

    /// Connections that could not be made, or not in time.
    #[must_use]
    pub fn connect_failures(&self) -> u64 {
        self.forgotten.connect_failures + self.hosts.iter().map(|host| host.connect_failures).sum::<u64>()
    }

    /// Requests sent over a connection that was there.
    #[must_use]
    pub fn reuses(&self) -> u64 {
        self.forgotten.reuses + self.hosts.iter().map(|host| host.reuses).sum::<u64>()
    }

    /// Requests that had to wait for a connection of others.
    #[must_use]
    pub fn waits(&self) -> u64 {
        self.forgotten.waits + self.hosts.iter().map(|host| host.waits).sum::<u64>()
    }
}
