//! The dynamic table of a decoder (RFC 7541 §2.3.2, §4).
//!
//! Invariant: the sizes of the entries add up to `bytes`, which is at most `bytes_max`. An entry counts at least 32 bytes
//! whatever its field needs, so that their number is bounded with their sizes.

use std::collections::VecDeque;

use super::field::Field;
use super::{OVERHEAD_BYTES, TABLE_BYTES};

#[derive(Debug)]
struct Entry {
    field: Field,
    /// The length of its name and value.
    len: usize,
}

#[derive(Debug)]
pub(super) struct Table {
    /// The newest first.
    entries: VecDeque<Entry>,
    bytes: usize,
    bytes_max: usize,
}

impl Table {
    /// An empty table of the size that both sides start with. It holds no memory.
    pub(super) fn new() -> Self {
        Self { entries: VecDeque::new(), bytes: 0, bytes_max: TABLE_BYTES as usize }
    }

    /// The entry so many places behind the newest, and the length of its name and value.
    #[inline]
    pub(super) fn get(&self, place: usize) -> Option<(&Field, usize)> {
        self.entries.get(place).map(|entry| (&entry.field, entry.len))
    }

    /// Adds an entry, for which old ones make room. One that is larger than the table empties it.
    pub(super) fn insert(&mut self, field: Field, len: usize) {
        let bytes = len + OVERHEAD_BYTES;
        self.evict(self.bytes_max.saturating_sub(bytes));
        if bytes <= self.bytes_max {
            self.bytes += bytes;
            self.entries.push_front(Entry { field, len });
        }
    }

    /// Changes the size.
    pub(super) fn resize(&mut self, bytes_max: usize) {
        self.bytes_max = bytes_max;
        self.evict(bytes_max);
    }

    pub(super) fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    fn evict(&mut self, bytes: usize) {
        while self.bytes > bytes
            && let Some(oldest) = self.entries.pop_back()
        {
            self.bytes -= oldest.len + OVERHEAD_BYTES;
        }
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}
