//! What is known of the connections of a service.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::observe::{Event, Watch};

/// Counted since the service was made.
#[derive(Debug, Default)]
pub(super) struct Counts {
    connections: AtomicU64,
    failures: AtomicU64,
    /// Orders to give up the connection there is.
    orders: AtomicU64,
    pub(super) watch: Watch,
}

impl Counts {
    pub(super) fn note_made(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        self.watch.tell(|| Event::Connected);
    }

    pub(super) fn note_failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        self.watch.tell(|| Event::ConnectFailed);
    }

    pub(super) fn orders(&self) -> u64 {
        self.orders.load(Ordering::Relaxed)
    }
}

/// Looks at the connections of a service that is made again, and has it made again.
#[derive(Clone)]
pub struct ReconnectHandle {
    counts: Arc<Counts>,
}

impl ReconnectHandle {
    pub(super) fn new(counts: Arc<Counts>) -> Self {
        Self { counts }
    }

    /// How many connections have been made.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.counts.connections.load(Ordering::Relaxed)
    }

    /// How many attempts to make one have failed.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.counts.failures.load(Ordering::Relaxed)
    }

    /// Gives up the connection there is: the next call has another one made. Calls under way go on.
    pub fn reconnect(&self) {
        self.counts.orders.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for ReconnectHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReconnectHandle")
            .field("connections", &self.connections())
            .field("failures", &self.failures())
            .finish()
    }
}
