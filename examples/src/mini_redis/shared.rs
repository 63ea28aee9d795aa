//! What all connections share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use minato_runtime::select;
use minato_runtime::sync::Notify;
use minato_runtime::task::yield_now;
use minato_runtime::time::{Instant, sleep_until};

use super::pubsub::{Broker, ClientId};
use super::store::Store;

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    store: Mutex<Store>,
    pub(super) broker: Broker,
    pub(super) statistics: Statistics,
    pub(super) started: Instant,
    /// The next key expires earlier than the purge knew.
    deadline_moved: Notify,
    clients: AtomicU64,
}

/// Counts for INFO.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    pub(super) connections: AtomicU64,
    pub(super) clients_now: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) commands: AtomicU64,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            store: Mutex::new(Store::new()),
            broker: Broker::default(),
            statistics: Statistics::default(),
            started: Instant::now(),
            deadline_moved: Notify::new(),
            clients: AtomicU64::new(0),
        }
    }

    pub(super) fn next_client(&self) -> ClientId {
        self.clients.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The store, for one command or one transaction. Nothing waits under this lock.
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that a key expires earlier than any did before.
    pub(super) fn deadline_moved(&self) {
        self.deadline_moved.notify_one();
    }

    /// Drops keys when they have expired, for ever. It sleeps where none will.
    pub(super) async fn purge(&self) {
        loop {
            let (has_more, next) = {
                let mut store = self.store();
                (store.purge(Instant::now()), store.next_deadline())
            };
            match next {
                _ if has_more => yield_now().await,
                None => self.deadline_moved.notified().await,
                Some(next) => select! {
                    () = sleep_until(next) => {}
                    () = self.deadline_moved.notified() => {}
                },
            }
        }
    }
}
