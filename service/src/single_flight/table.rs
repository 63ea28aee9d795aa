//! The calls under way, by key.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::deadline::Deadline;
use crate::flight::Flight;
use crate::observe::{Event, Watch};
use crate::shards::Shards;

/// The calls of one layer.
pub(super) struct Table<K, F: Future> {
    shards: Shards<HashMap<K, Entry<F>>>,
    /// What the layer counts, whatever the calls are.
    counts: Arc<Counts>,
}

/// What is known of a layer's calls.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) in_flight: AtomicU64,
    pub(super) joined: AtomicU64,
    pub(super) watch: Watch,
}

struct Entry<F: Future> {
    flight: Arc<Flight<F>>,
    /// Calls that wait for it.
    seats: usize,
}

/// A place in a call under way; given up on drop.
pub(super) struct Seat<K: Hash + Eq, F: Future> {
    table: Arc<Table<K, F>>,
    key: K,
    flight: Arc<Flight<F>>,
}

/// Whether a call with the deadline `own` can wait for one with the deadline `theirs`: not beyond which it may end.
fn lasts_long_enough(theirs: Option<Deadline>, own: Option<Deadline>) -> bool {
    match (theirs, own) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(theirs), Some(own)) => own <= theirs,
    }
}

impl<K: Hash + Eq + Clone, F: Future> Table<K, F> {
    pub(super) fn new(counts: Arc<Counts>) -> Arc<Self> {
        Arc::new(Self { shards: Shards::new(), counts })
    }

    /// Joins the call of this key that is under way, if there is one that lasts long enough.
    pub(super) fn join(self: &Arc<Self>, key: &K) -> Option<Seat<K, F>> {
        let own = Deadline::current();
        let key = key.clone();
        let mut entries = self.shards.lock(&key);
        let entry = entries.get_mut(&key)?;
        if !lasts_long_enough(entry.flight.deadline(), own) {
            return None;
        }
        entry.seats += 1;
        let flight = entry.flight.clone();
        drop(entries);
        self.counts.joined.fetch_add(1, Ordering::Relaxed);
        self.counts.watch.tell(|| Event::Coalesced);
        Some(Seat { table: self.clone(), key, flight })
    }

    /// Makes `future` the call of this key. Others may have begun one meanwhile; theirs is then no longer found.
    pub(super) fn begin(self: &Arc<Self>, key: K, future: F) -> Seat<K, F> {
        let flight = Flight::new(future);
        let seat = Seat { table: self.clone(), key: key.clone(), flight: flight.clone() };
        let mut entries = self.shards.lock(&key);
        let old = entries.insert(key, Entry { flight, seats: 1 });
        drop(entries);
        if old.is_none() {
            self.counts.in_flight.fetch_add(1, Ordering::Relaxed);
        }
        seat
    }
}

impl<K: Hash + Eq, F: Future> Seat<K, F> {
    pub(super) fn flight(&self) -> &Flight<F> {
        &self.flight
    }

    /// Later calls do not find this one any more.
    pub(super) fn close(&self) {
        self.take_out(|_| true);
    }

    /// Takes the entry out, if it is still this call's and `is_over` says so of its seats.
    fn take_out(&self, is_over: impl FnOnce(&mut usize) -> bool) {
        let mut entries = self.table.shards.lock(&self.key);
        let Some(entry) = entries.get_mut(&self.key) else { return };
        if !Arc::ptr_eq(&entry.flight, &self.flight) || !is_over(&mut entry.seats) {
            return;
        }
        let removed = entries.remove_entry(&self.key);
        drop(entries);
        drop(removed);
        self.table.counts.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<K: Hash + Eq, F: Future> Drop for Seat<K, F> {
    fn drop(&mut self) {
        self.take_out(|seats| {
            *seats -= 1;
            *seats == 0
        });
    }
}
