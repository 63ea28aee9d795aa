//! What the senders and the receivers share.
//!
//! Invariants
//! 1. The version changes only under the write lock of the value. So a reader that holds the lock knows the version
//!    of what it reads.
//! 2. Whoever changes the version, or drops a count to zero, calls everybody afterwards. A waiter makes its
//!    `Notified` before it looks. One of the two sees the other.

use crate::shim::RwLock;
use crate::shim::atomic::AtomicUsize;
use crate::shim::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use crate::sync::Notify;

/// How often the value was changed; wraps.
pub(super) type Version = usize;

#[derive(Debug)]
pub(super) struct State<T> {
    pub(super) value: RwLock<T>,
    version: AtomicUsize,
    senders: AtomicUsize,
    receivers: AtomicUsize,
    /// Calls the receivers: the value has changed, or all senders are gone.
    pub(super) changed: Notify,
    /// Calls the senders: all receivers are gone.
    pub(super) abandoned: Notify,
}

impl<T> State<T> {
    /// One sender, no receiver.
    pub(super) fn new(value: T) -> Self {
        Self {
            value: RwLock::new(value),
            version: AtomicUsize::new(0),
            senders: AtomicUsize::new(1),
            receivers: AtomicUsize::new(0),
            changed: Notify::new(),
            abandoned: Notify::new(),
        }
    }

    pub(super) fn version(&self) -> Version {
        // ORDERING: Acquire [version]: what the sender did before. The value itself is ordered by its lock.
        self.version.load(Acquire)
    }

    /// Counts a change; the caller holds the write lock.
    pub(super) fn count_change(&self) {
        // ORDERING: AcqRel [version]: Release publishes what the sender did.
        self.version.fetch_add(1, AcqRel);
    }

    /// Whether all senders are gone.
    pub(super) fn is_closed(&self) -> bool {
        self.senders() == 0
    }

    pub(super) fn senders(&self) -> usize {
        // ORDERING: Acquire [senders]: whoever sees the end sees the last version.
        self.senders.load(Acquire)
    }

    pub(super) fn receivers(&self) -> usize {
        // ORDERING: Acquire [receivers]: what the receivers did before they went.
        self.receivers.load(Acquire)
    }

    pub(super) fn add_sender(&self) {
        // Relaxed: the sender at hand keeps the count from being zero.
        self.senders.fetch_add(1, Relaxed);
    }

    pub(super) fn remove_sender(&self) {
        // ORDERING: AcqRel [senders]: Release publishes our changes; Acquire, for the last, those of all.
        if self.senders.fetch_sub(1, AcqRel) == 1 {
            self.changed.notify_waiters();
        }
    }

    pub(super) fn add_receiver(&self) {
        // Relaxed: whoever must know of the receiver learns of it from the caller.
        self.receivers.fetch_add(1, Relaxed);
    }

    pub(super) fn remove_receiver(&self) {
        // ORDERING: AcqRel [receivers]: Release publishes what we did; Acquire, for the last, what all did.
        if self.receivers.fetch_sub(1, AcqRel) == 1 {
            self.abandoned.notify_waiters();
        }
    }
}
