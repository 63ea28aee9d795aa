//! What the server keeps: numbered key spaces.
//!
//! `database.rs` is one of them, with expiry; `value.rs` what a key can hold; `sorted_set.rs` the kind that is more than
//! a collection of `std`; `glob.rs` the patterns of KEYS, SCAN and PSUBSCRIBE.

mod database;
mod glob;
mod sorted_set;
mod value;

pub(super) use database::{Database, Deadline};
pub(super) use glob::matches;
pub(super) use sorted_set::{Score, SortedSet};
pub(super) use value::{Hash, List, Set, Value};

use minato_runtime::time::Instant;

use super::limits::{DATABASES, PURGE_MAX};

/// All key spaces.
#[derive(Debug)]
pub(super) struct Store {
    databases: Vec<Database>,
}

impl Store {
    pub(super) fn new() -> Self {
        Self { databases: (0..DATABASES).map(|_| Database::default()).collect() }
    }

    /// A key space, by its number.
    pub(super) fn database(&mut self, index: usize) -> &mut Database {
        &mut self.databases[index]
    }

    pub(super) fn databases(&mut self) -> impl Iterator<Item = (usize, &mut Database)> {
        self.databases.iter_mut().enumerate()
    }

    /// When the next key expires.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.databases.iter().filter_map(Database::next_deadline).min()
    }

    /// Drops some of the keys that have expired; true if there may be more.
    pub(super) fn purge(&mut self, now: Instant) -> bool {
        let mut left = PURGE_MAX;
        for database in &mut self.databases {
            left -= database.purge(now, left);
        }
        left == 0
    }
}
