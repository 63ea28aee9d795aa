//! Keys, each kept once and found by their hash or by a number.
//!
//! A chain of entries for each hash, and a map from the hash to the first of them. `std`'s map alone would not do: the
//! key must be found from the number too, without a copy of it.
//!
//! Invariant: the chain of hash `h` is exactly the entries whose hash is `h`, and is in `heads` unless it is empty.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

use slab::Slab;

#[derive(Debug)]
pub(super) struct Index<K, T, S> {
    hasher: S,
    entries: Slab<Entry<K, T>>,
    heads: HashMap<u64, usize>,
}

#[derive(Debug)]
struct Entry<K, T> {
    key: K,
    value: T,
    hash: u64,
    /// The next entry with the same hash.
    next: Option<usize>,
}

impl<K, T, S> Index<K, T, S> {
    pub(super) fn new(capacity: usize, hasher: S) -> Self {
        Self { hasher, entries: Slab::with_capacity(capacity), heads: HashMap::with_capacity(capacity) }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn capacity(&self) -> usize {
        self.entries.capacity().min(self.heads.capacity())
    }

    pub(super) fn hasher(&self) -> &S {
        &self.hasher
    }

    pub(super) fn reserve(&mut self, additional: usize) {
        self.entries.reserve(additional);
        self.heads.reserve(additional);
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.entries.shrink_to_fit();
        self.heads.shrink_to_fit();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &T)> {
        self.entries.iter().map(|(_, entry)| (&entry.key, &entry.value))
    }

    pub(super) fn clear(&mut self) {
        self.heads.clear();
        self.entries.clear();
    }

    /// Takes the entry of a number out.
    pub(super) fn remove(&mut self, number: usize) -> Option<(K, T)> {
        let entry = self.entries.try_remove(number)?;
        let head = self.heads.get_mut(&entry.hash).expect("every entry is in the chain of its hash");
        if *head != number {
            let mut before = *head;
            while self.entries[before].next != Some(number) {
                before = self.entries[before].next.expect("every entry is in the chain of its hash");
            }
            self.entries[before].next = entry.next;
        } else if let Some(next) = entry.next {
            *head = next;
        } else {
            self.heads.remove(&entry.hash);
        }
        Some((entry.key, entry.value))
    }
}

impl<K: Hash + Eq, T, S: BuildHasher> Index<K, T, S> {
    /// Puts an entry in, whose key must not be there, and answers its number.
    pub(super) fn insert(&mut self, key: K, value: T) -> usize {
        let hash = self.hasher.hash_one(&key);
        let next = self.heads.get(&hash).copied();
        let number = self.entries.insert(Entry { key, value, hash, next });
        self.heads.insert(hash, number);
        number
    }

    /// The number of a key.
    pub(super) fn find<Q>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let mut next = self.heads.get(&self.hasher.hash_one(key)).copied();
        while let Some(number) = next {
            let entry = &self.entries[number];
            if entry.key.borrow() == key {
                return Some(number);
            }
            next = entry.next;
        }
        None
    }

    pub(super) fn get<Q>(&self, key: &Q) -> Option<&T>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.find(key).map(|number| &self.entries[number].value)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::hash::{BuildHasherDefault, Hasher};

    /// Answers one of two hashes, so that chains grow long.
    #[derive(Default)]
    struct Parity(u64);

    impl Hasher for Parity {
        fn finish(&self) -> u64 {
            self.0 % 2
        }

        fn write(&mut self, bytes: &[u8]) {
            self.0 += bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>();
        }
    }

    #[test]
    fn behaves_like_a_hash_map_even_when_all_hashes_collide() {
        let mut seed = 3_u64;
        let mut below = |bound: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % bound
        };
        let mut index = Index::new(0, BuildHasherDefault::<Parity>::default());
        let mut oracle: HashMap<u8, (usize, u64)> = HashMap::new();
        for value in 0..20_000 {
            let key = below(40) as u8;
            assert_eq!(index.get(&key), oracle.get(&key).map(|(_, value)| value));
            match oracle.get(&key).copied() {
                None => {
                    let number = index.insert(key, value);
                    oracle.insert(key, (number, value));
                }
                Some((number, value)) => {
                    assert_eq!(index.find(&key), Some(number));
                    assert_eq!(index.remove(number), Some((key, value)));
                    assert_eq!(index.remove(number), None);
                    oracle.remove(&key);
                }
            }
            assert_eq!(index.len(), oracle.len());
        }
    }
}
