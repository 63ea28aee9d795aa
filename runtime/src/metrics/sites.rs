//! What tasks have cost, by the call that spawned them.
//!
//! A table of fixed size per worker, written by the worker on which a task ends: so a living task costs nothing here.
//! Polls that were measured are added at once, by the worker that made them.
//!
//! # Safety
//!
//! 1. `place` is null or the address of a `Location<'static>`.

use std::panic::Location;
use std::ptr;
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::Counter;
use crate::limits::SPAWN_SITES_MAX;

const MASK: usize = SPAWN_SITES_MAX - 1;
const _: () = assert!(SPAWN_SITES_MAX.is_power_of_two());
/// Rows that are looked at for one place; when all are others', the place goes to the row for the rest.
const PROBES: usize = 8;

#[derive(Debug)]
pub(crate) struct Sites {
    rows: Box<[Row]>,
    /// For the places that found no row.
    rest: Row,
}

#[derive(Debug)]
pub(super) struct Row {
    place: AtomicPtr<Location<'static>>,
    pub(super) finished: Counter,
    pub(super) polls: Counter,
    pub(super) measured_polls: Counter,
    pub(super) measured_nanos: Counter,
}

impl Row {
    const fn new() -> Self {
        Self {
            place: AtomicPtr::new(ptr::null_mut()),
            finished: Counter::new(),
            polls: Counter::new(),
            measured_polls: Counter::new(),
            measured_nanos: Counter::new(),
        }
    }

    /// Nothing for the row that counts the rest.
    pub(super) fn place(&self) -> Option<&'static Location<'static>> {
        // ORDERING: Acquire, as for any address that is followed; what it points to was never written.
        // SAFETY: (1).
        unsafe { self.place.load(Acquire).cast_const().as_ref() }
    }
}

impl Sites {
    pub(super) fn new() -> Self {
        Self { rows: (0..SPAWN_SITES_MAX).map(|_| Row::new()).collect(), rest: Row::new() }
    }

    /// The row of a place; only for the thread that writes the table.
    #[inline]
    fn row(&self, place: &'static Location<'static>) -> &Row {
        let address = ptr::from_ref(place).cast_mut();
        let first = address.addr() / align_of::<Location<'static>>();
        let row = &self.rows[first & MASK];
        if row.place.load(Relaxed) == address { row } else { self.find_row(address, first) }
    }

    #[cold]
    fn find_row(&self, address: *mut Location<'static>, first: usize) -> &Row {
        for index in first..first + PROBES {
            let row = &self.rows[index & MASK];
            let found = row.place.load(Relaxed);
            if found == address {
                return row;
            }
            if found.is_null() {
                // ORDERING: Release, for `Row::place`.
                row.place.store(address, Release);
                return row;
            }
        }
        &self.rest
    }

    /// Notes that a task is over.
    #[inline]
    pub(crate) fn finish(&self, place: &'static Location<'static>, polls: u64) {
        let row = self.row(place);
        row.finished.increment();
        row.polls.add(polls);
    }

    /// Notes how long a poll took.
    pub(crate) fn measure(&self, place: &'static Location<'static>, nanos: u64) {
        let row = self.row(place);
        row.measured_polls.increment();
        row.measured_nanos.add(nanos);
    }

    /// Those that have been used, that of the rest among them.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        let used = self.rows.iter().filter(|row| row.place().is_some());
        used.chain(
            (self.rest.finished.get() != 0 || self.rest.measured_polls.get() != 0).then_some(&self.rest),
        )
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn places_beyond_the_table_are_counted_together() {
        let sites = Sites::new();
        // Places are told apart by where they are.
        static PLACES: [Location<'static>; 2 * SPAWN_SITES_MAX] = [*Location::caller(); 2 * SPAWN_SITES_MAX];
        for place in &PLACES {
            sites.finish(place, 3);
        }
        let finished: u64 = sites.rows().map(|row| row.finished.get()).sum();
        assert_eq!(finished, PLACES.len() as u64);
        assert!(sites.rest.finished.get() >= SPAWN_SITES_MAX as u64);
        assert_eq!(sites.rows().filter(|row| row.place().is_none()).count(), 1);
        assert!(sites.rows().count() <= SPAWN_SITES_MAX + 1);
    }

    #[test]
    fn a_place_keeps_its_row() {
        let sites = Sites::new();
        let (here, there) = (Location::caller(), Location::caller());
        for _ in 0..3 {
            sites.finish(here, 2);
            sites.measure(there, 10);
        }
        let row = sites.row(here);
        assert_eq!((row.finished.get(), row.polls.get()), (3, 6));
        let row = sites.row(there);
        assert_eq!((row.measured_polls.get(), row.measured_nanos.get()), (3, 30));
    }
}
