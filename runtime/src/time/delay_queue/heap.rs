//! Values in the order of their deadlines.
//!
//! A heap in which each node has four children, of entries that know their slot; a slot knows where its entry is, so a
//! key finds it. A heap and not a wheel: it is exact to the nanosecond, knows the first at once, and costs nothing
//! while it is empty. What is due after all others, the usual case with one timeout for all, is put in without a move.
//!
//! Invariants
//! 1. Entry `i` is not due after its children `4i + 1` to `4i + 4`; of equal deadlines the one put in first comes first.
//! 2. The slot of entry `i` is occupied and says `i`. Every other slot is in the list of free ones.
//! 3. A key is good for one value: the generation of a slot changes when its value leaves.

use crate::time::Instant;

const CHILDREN: usize = 4;
const NONE: u32 = u32::MAX;

/// Names a value in a [`DelayQueue`](super::DelayQueue) until it leaves it.
///
/// A key whose value has left names nothing, also when its place is taken by another value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    slot: u32,
    generation: u32,
}

#[derive(Debug)]
pub(super) struct Heap<T> {
    entries: Vec<Entry>,
    slots: Vec<Slot<T>>,
    free: u32,
    /// How many values were ever put in; decides between equal deadlines.
    sequence: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    deadline: Instant,
    sequence: u64,
    slot: u32,
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    content: Content<T>,
}

#[derive(Debug)]
enum Content<T> {
    Occupied { entry: u32, value: T },
    Free { next: u32 },
}

impl<T> Heap<T> {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self {
            entries: Vec::with_capacity(capacity),
            slots: Vec::with_capacity(capacity),
            free: NONE,
            sequence: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn capacity(&self) -> usize {
        self.entries.capacity().min(self.slots.capacity())
    }

    pub(super) fn reserve(&mut self, additional: usize) {
        self.entries.reserve(additional);
        self.slots.reserve(additional.saturating_sub(self.slots.len() - self.entries.len()));
    }

    /// Frees memory that is not used. Values do not move, so keys stay good.
    pub(super) fn shrink(&mut self) {
        while let Some(Slot { content: Content::Free { .. }, .. }) = self.slots.last() {
            self.slots.pop();
        }
        self.free = NONE;
        for (index, slot) in self.slots.iter_mut().enumerate() {
            if let Content::Free { next } = &mut slot.content {
                *next = self.free;
                self.free = index as u32;
            }
        }
        self.slots.shrink_to_fit();
        self.entries.shrink_to_fit();
    }

    /// Takes all values out.
    pub(super) fn clear(&mut self) {
        while let Some(entry) = self.entries.pop() {
            self.release(entry.slot);
        }
    }

    pub(super) fn push(&mut self, deadline: Instant, value: T) -> Key {
        let entry = u32::try_from(self.entries.len()).expect("more than four billion delayed values");
        let content = Content::Occupied { entry, value };
        let slot = match self.slots.get_mut(self.free as usize) {
            Some(slot) => {
                let index = self.free;
                if let Content::Free { next } = std::mem::replace(&mut slot.content, content) {
                    self.free = next;
                }
                index
            }
            None => {
                self.slots.push(Slot { generation: self.first_generation(), content });
                (self.slots.len() - 1) as u32
            }
        };
        self.entries.push(Entry { deadline, sequence: self.sequence, slot });
        self.sequence += 1;
        self.rise(entry as usize);
        Key { slot, generation: self.slots[slot as usize].generation }
    }

    /// A slot that was given up by [`shrink`](Self::shrink) and comes again must not answer to its old keys.
    fn first_generation(&self) -> u32 {
        self.sequence as u32
    }

    /// The value that is due first, and when.
    pub(super) fn first(&self) -> Option<(Key, Instant)> {
        let entry = self.entries.first()?;
        Some((
            Key { slot: entry.slot, generation: self.slots[entry.slot as usize].generation },
            entry.deadline,
        ))
    }

    pub(super) fn deadline(&self, key: Key) -> Option<Instant> {
        self.position(key).map(|position| self.entries[position].deadline)
    }

    pub(super) fn remove(&mut self, key: Key) -> Option<(Instant, T)> {
        let position = self.position(key)?;
        let entry = self.entries.swap_remove(position);
        if position < self.entries.len() {
            self.settle(position);
        }
        self.release(entry.slot).map(|value| (entry.deadline, value))
    }

    /// Changes when a value is due; false if it has left.
    pub(super) fn reset(&mut self, key: Key, deadline: Instant) -> bool {
        let Some(position) = self.position(key) else { return false };
        self.entries[position].deadline = deadline;
        self.entries[position].sequence = self.sequence;
        self.sequence += 1;
        self.settle(position);
        true
    }

    fn position(&self, key: Key) -> Option<usize> {
        let slot = self.slots.get(key.slot as usize).filter(|slot| slot.generation == key.generation)?;
        match slot.content {
            Content::Occupied { entry, .. } => Some(entry as usize),
            Content::Free { .. } => None,
        }
    }

    /// Empties the slot of an entry that has left.
    fn release(&mut self, index: u32) -> Option<T> {
        let slot = &mut self.slots[index as usize];
        slot.generation = slot.generation.wrapping_add(1);
        match std::mem::replace(&mut slot.content, Content::Free { next: self.free }) {
            Content::Occupied { value, .. } => {
                self.free = index;
                Some(value)
            }
            Content::Free { .. } => None,
        }
    }

    /// Finds the place of an entry that may be wrong either way.
    fn settle(&mut self, position: usize) {
        let position = self.rise(position);
        self.sink(position);
    }

    fn rise(&mut self, mut position: usize) -> usize {
        let entry = self.entries[position];
        while position > 0 {
            let parent = (position - 1) / CHILDREN;
            if self.entries[parent] <= entry {
                break;
            }
            self.put(position, self.entries[parent]);
            position = parent;
        }
        self.put(position, entry);
        position
    }

    fn sink(&mut self, mut position: usize) {
        let entry = self.entries[position];
        loop {
            let children =
                position * CHILDREN + 1..(position * CHILDREN + 1 + CHILDREN).min(self.entries.len());
            let Some(first) = children.min_by_key(|&child| self.entries[child]) else { break };
            if entry <= self.entries[first] {
                break;
            }
            self.put(position, self.entries[first]);
            position = first;
        }
        self.put(position, entry);
    }

    fn put(&mut self, position: usize, entry: Entry) {
        self.entries[position] = entry;
        if let Content::Occupied { entry, .. } = &mut self.slots[entry.slot as usize].content {
            *entry = position as u32;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::time::Duration;

    #[test]
    fn behaves_like_an_ordered_map() {
        for seed in 1..20_u64 {
            let mut state = seed;
            let mut below = |bound: usize| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as usize % bound
            };
            let start = Instant::now();
            let mut heap = Heap::with_capacity(0);
            // By deadline and then by when it was put in; the value is its number.
            let mut oracle: BTreeMap<(Instant, u64), u64> = BTreeMap::new();
            let mut keys: Vec<(Key, (Instant, u64), u64)> = Vec::new();
            let mut stale: Vec<Key> = Vec::new();
            let mut order = 0;
            for number in 0..5_000 {
                let deadline = start + Duration::from_millis(below(50) as u64);
                match below(8) {
                    0..3 => {
                        keys.push((heap.push(deadline, number), (deadline, order), number));
                        oracle.insert((deadline, order), number);
                        order += 1;
                    }
                    3 if !keys.is_empty() => {
                        let (key, at, value) = keys.swap_remove(below(keys.len()));
                        assert_eq!(heap.remove(key), Some((at.0, value)), "seed {seed}");
                        assert_eq!(oracle.remove(&at), Some(value));
                        stale.push(key);
                    }
                    4 if !keys.is_empty() => {
                        let index = below(keys.len());
                        let (key, at, value) = &mut keys[index];
                        assert!(heap.reset(*key, deadline));
                        oracle.remove(at);
                        *at = (deadline, order);
                        oracle.insert(*at, *value);
                        order += 1;
                    }
                    5 if !stale.is_empty() => {
                        let key = stale[below(stale.len())];
                        assert_eq!(heap.deadline(key), None, "seed {seed}");
                        assert!(!heap.reset(key, deadline));
                        assert_eq!(heap.remove(key), None);
                    }
                    6 if below(20) == 0 => {
                        heap.shrink();
                        heap.reserve(below(10));
                    }
                    _ => {
                        if let Some((key, _)) = heap.first() {
                            let (at, value) = oracle.pop_first().unwrap();
                            assert_eq!(heap.remove(key), Some((at.0, value)), "seed {seed}");
                            keys.retain(|(other, ..)| *other != key);
                            stale.push(key);
                        }
                    }
                }
                assert_eq!(heap.len(), oracle.len());
                assert_eq!(heap.first().map(|(_, at)| at), oracle.first_key_value().map(|(at, _)| at.0));
                assert!(keys.iter().all(|(key, at, _)| heap.deadline(*key) == Some(at.0)));
            }
            heap.clear();
            assert!(keys.iter().all(|(key, ..)| heap.deadline(*key).is_none()));
        }
    }
}
