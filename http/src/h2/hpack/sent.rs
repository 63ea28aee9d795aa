//! The dynamic table of an encoder, and which fields are worth a place in it.
//!
//! A field gets a place when it is sent for the second time while the first is remembered. What changes with every
//! message (an identifier, a signature) never pushes out what is the same in all of them, without a list of names.
//!
//! Invariants
//! 1. `hashes` has one element for each of `entries`, in the same order: the oldest first.
//! 2. The sizes of the entries add up to `bytes`, which is at most `bytes_max`.

use std::collections::VecDeque;

use http::HeaderName;

use super::{OVERHEAD_BYTES, TABLE_BYTES, known};

/// Fields sent once that are remembered, and places that a look-up tries first. A power of two.
const SLOTS: usize = 32;

/// Places of a message of which is remembered what stood there. A power of two.
const PLACES: usize = 16;

/// A value longer than this part of the table is not kept: it would push out all others.
const LARGEST_PART: usize = 4;

/// The name of a field that is sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sent<'a> {
    Field(&'a HeaderName),
    /// A pseudo field, by its index in the static table.
    Pseudo(u8),
}

#[derive(Debug)]
struct Entry {
    name: EntryName,
    value: Box<[u8]>,
    bytes: usize,
}

#[derive(Debug)]
enum EntryName {
    Field(HeaderName),
    Pseudo(u8),
}

/// What is to be done with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Advice {
    /// It is in the table, with this index.
    Indexed(usize),
    /// It is to be added: the caller writes it so, and calls [`SentTable::insert`].
    Insert(Hash),
    /// It is not worth a place.
    Pass,
}

/// What names and values are told apart by before they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hash(u32);

/// The table.
#[derive(Debug)]
pub(super) struct SentTable {
    entries: VecDeque<Entry>,
    hashes: VecDeque<Hash>,
    /// Entries that were ever inserted; the number of the newest.
    inserted: u32,
    bytes: usize,
    bytes_max: usize,
    /// By hash, the number of the entry that was found or inserted last; it may have left the table.
    guesses: [u32; SLOTS],
    /// By the place of a field in its message, the number of its entry in the last message.
    expected: [u32; PLACES],
    /// By hash, what was sent once.
    once: [Hash; SLOTS],
}

impl SentTable {
    /// An empty table of the size that both sides start with.
    pub(super) fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            hashes: VecDeque::new(),
            inserted: 0,
            bytes: 0,
            bytes_max: TABLE_BYTES as usize,
            guesses: [0; SLOTS],
            expected: [0; PLACES],
            once: [Hash(0); SLOTS],
        }
    }

    /// The index of the field at this place, if it is the one that stood there last.
    #[inline]
    pub(super) fn guess(&self, place: usize, name: &HeaderName, value: &[u8]) -> Option<usize> {
        let age = self.inserted.wrapping_sub(self.expected[place % PLACES]) as usize;
        let entry = &self.entries[self.entries.len().checked_sub(age.checked_add(1)?)?];
        let is_it = matches!(&entry.name, EntryName::Field(entry) if entry == name) && *entry.value == *value;
        is_it.then_some(known::LEN + 1 + age)
    }

    /// Takes note that the field at this place has this index.
    pub(super) fn expect(&mut self, place: usize, index: usize) {
        self.expected[place % PLACES] = self.inserted.wrapping_sub((index - known::LEN - 1) as u32);
    }

    /// What is to be done with a field that may be kept.
    #[inline]
    pub(super) fn advise(&mut self, name: Sent<'_>, value: &[u8]) -> Advice {
        let hash = hash(name, value);
        let slot = hash.0 as usize % SLOTS;
        let age = self.inserted.wrapping_sub(self.guesses[slot]) as usize;
        if self.is_at(age, hash, name, value) {
            return Advice::Indexed(known::LEN + 1 + age);
        }
        self.search(hash, name, value)
    }

    fn search(&mut self, hash: Hash, name: Sent<'_>, value: &[u8]) -> Advice {
        let slot = hash.0 as usize % SLOTS;
        let mut ages = (0..self.hashes.len()).rev().zip(&self.hashes).filter(|(_, other)| **other == hash);
        if let Some((age, _)) = ages.find(|(age, _)| self.is_at(*age, hash, name, value)) {
            self.guesses[slot] = self.inserted.wrapping_sub(age as u32);
            return Advice::Indexed(known::LEN + 1 + age);
        }
        if std::mem::replace(&mut self.once[slot], hash) != hash {
            return Advice::Pass;
        }
        match value.len() + OVERHEAD_BYTES <= self.bytes_max / LARGEST_PART {
            true => Advice::Insert(hash),
            false => Advice::Pass,
        }
    }

    /// Whether the entry of this age, zero for the newest, is this field.
    #[inline]
    fn is_at(&self, age: usize, hash: Hash, name: Sent<'_>, value: &[u8]) -> bool {
        let Some(at) = self.entries.len().checked_sub(age + 1) else { return false };
        if self.hashes.get(at) != Some(&hash) {
            return false;
        }
        let entry = &self.entries[at];
        let is_named = match (&entry.name, name) {
            (EntryName::Field(entry), Sent::Field(name)) => entry == name,
            (EntryName::Pseudo(entry), Sent::Pseudo(name)) => *entry == name,
            (EntryName::Field(_), Sent::Pseudo(_)) | (EntryName::Pseudo(_), Sent::Field(_)) => false,
        };
        is_named && *entry.value == *value
    }

    /// Adds a field, whose name is so long, as the peer does.
    pub(super) fn insert(&mut self, hash: Hash, name: Sent<'_>, name_len: usize, value: &[u8]) {
        let bytes = name_len + value.len() + OVERHEAD_BYTES;
        self.evict(self.bytes_max.saturating_sub(bytes));
        if bytes > self.bytes_max {
            return;
        }
        let name = match name {
            Sent::Field(name) => EntryName::Field(name.clone()),
            Sent::Pseudo(index) => EntryName::Pseudo(index),
        };
        self.bytes += bytes;
        self.entries.push_back(Entry { name, value: value.into(), bytes });
        self.hashes.push_back(hash);
        self.inserted = self.inserted.wrapping_add(1);
        self.guesses[hash.0 as usize % SLOTS] = self.inserted;
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
            && let Some(oldest) = self.entries.pop_front()
        {
            self.hashes.pop_front();
            self.bytes -= oldest.bytes;
        }
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

fn hash(name: Sent<'_>, value: &[u8]) -> Hash {
    let name = match name {
        Sent::Field(name) => mix(0, name.as_str().as_bytes()),
        Sent::Pseudo(index) => u64::from(index),
    };
    let hash = mix(name, value);
    Hash((hash >> 32) as u32)
}

/// Eight bytes at a time, and the last eight once more where they do not fit. Whoever finds collisions only keeps his own
/// fields from being indexed.
#[inline]
pub(super) fn mix(seed: u64, bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let step = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    let mut hash = seed ^ bytes.len() as u64;
    let mut rest = bytes;
    while let Some((word, behind)) = rest.split_first_chunk() {
        hash = step(hash, u64::from_le_bytes(*word));
        rest = behind;
    }
    match (rest, bytes.last_chunk::<8>()) {
        ([], _) => hash,
        (_, Some(last)) => step(hash, u64::from_le_bytes(*last)),
        _ => step(hash, rest.iter().fold(0, |word, &byte| word << 8 | u64::from(byte))),
    }
}
