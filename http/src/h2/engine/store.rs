//! The streams of a connection: in places that are used again, found by identifier.
//!
//! Invariants
//! 1. A [`Key`] finds its stream or nothing: a place that is used again has another generation.
//! 2. `index` holds exactly the identifiers of the streams in `places`.

use super::stream::Stream;

/// LIMIT: places kept once no stream is open, so that a burst is not paid for from then on.
const IDLE_PLACES: usize = 16;

/// A stream, as whoever may outlive it knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    place: u32,
    generation: u32,
}

struct Place {
    generation: u32,
    content: Content,
}

#[expect(clippy::large_enum_variant, reason = "the large one is what places are for")]
enum Content {
    Taken(Stream),
    /// The next free place.
    Free(Option<u32>),
}

#[derive(Default)]
pub(super) struct Store {
    places: Vec<Place>,
    free: Option<u32>,
    index: Index,
}

impl Store {
    pub(super) fn len(&self) -> usize {
        self.index.len
    }

    pub(super) fn insert(&mut self, stream: Stream) -> Key {
        let id = stream.id;
        let key = match self.free {
            Some(at) => {
                let place = &mut self.places[at as usize];
                if let Content::Free(next) = place.content {
                    self.free = next;
                }
                place.content = Content::Taken(stream);
                Key { place: at, generation: place.generation }
            }
            None => {
                let at = self.places.len() as u32;
                self.places.push(Place { generation: 0, content: Content::Taken(stream) });
                Key { place: at, generation: 0 }
            }
        };
        self.index.insert(id, key.place);
        key
    }

    #[inline]
    pub(super) fn find(&self, id: u32) -> Option<Key> {
        let place = self.index.find(id)?;
        Some(Key { place, generation: self.places[place as usize].generation })
    }

    #[inline]
    pub(super) fn get(&mut self, key: Key) -> Option<&mut Stream> {
        match self.places.get_mut(key.place as usize) {
            Some(Place { generation, content: Content::Taken(stream) }) if *generation == key.generation => {
                Some(stream)
            }
            _ => None,
        }
    }

    pub(super) fn remove(&mut self, key: Key) -> Option<Stream> {
        let free = self.free;
        let place =
            self.places.get_mut(key.place as usize).filter(|place| place.generation == key.generation)?;
        match std::mem::replace(&mut place.content, Content::Free(free)) {
            Content::Taken(stream) => {
                place.generation = place.generation.wrapping_add(1);
                self.free = Some(key.place);
                self.index.remove(stream.id);
                Some(stream)
            }
            was @ Content::Free(_) => {
                place.content = was;
                None
            }
        }
    }

    /// The streams that are here, in no order.
    pub(super) fn keys(&self) -> Vec<Key> {
        let taken =
            self.places.iter().enumerate().filter(|(_, place)| matches!(place.content, Content::Taken(_)));
        taken.map(|(at, place)| Key { place: at as u32, generation: place.generation }).collect()
    }

    /// Whether there are places of a burst that is over.
    pub(super) fn has_slack(&self) -> bool {
        self.index.len == 0 && self.places.len() > IDLE_PLACES
    }

    /// Gives up the places of a burst that is over.
    pub(super) fn trim(&mut self) {
        if self.has_slack() {
            // INVARIANT: keys of before are stale for the new places, whose generations none of them has.
            let generation =
                self.places.iter().map(|place| place.generation).max().unwrap_or(0).wrapping_add(1);
            self.places = Vec::new();
            self.free = None;
            for at in 0..IDLE_PLACES as u32 {
                self.places.push(Place { generation, content: Content::Free(self.free) });
                self.free = Some(at);
            }
            self.index = Index::default();
        }
    }
}

/// Identifiers to places: open addressing, where neighbours follow one another.
#[derive(Default)]
struct Index {
    /// Identifier, zero where nothing is, and place.
    slots: Vec<(u32, u32)>,
    len: usize,
}

impl Index {
    fn home(&self, id: u32) -> usize {
        // Identifiers of one side count by two.
        (id >> 1) as usize & (self.slots.len() - 1)
    }

    fn find(&self, id: u32) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let mask = self.slots.len() - 1;
        let mut at = self.home(id);
        loop {
            match self.slots[at] {
                (0, _) => return None,
                (known, place) if known == id => return Some(place),
                _ => at = (at + 1) & mask,
            }
        }
    }

    fn insert(&mut self, id: u32, place: u32) {
        if (self.len + 1) * 2 > self.slots.len() {
            let larger = (self.slots.len() * 2).max(8);
            let old = std::mem::replace(&mut self.slots, vec![(0, 0); larger]);
            old.into_iter().filter(|slot| slot.0 != 0).for_each(|slot| self.put(slot));
        }
        self.put((id, place));
        self.len += 1;
    }

    fn put(&mut self, slot: (u32, u32)) {
        let mask = self.slots.len() - 1;
        let mut at = self.home(slot.0);
        while self.slots[at].0 != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = slot;
    }

    fn remove(&mut self, id: u32) {
        if self.slots.is_empty() {
            return;
        }
        let mask = self.slots.len() - 1;
        let mut at = self.home(id);
        while self.slots[at].0 != id {
            if self.slots[at].0 == 0 {
                return;
            }
            at = (at + 1) & mask;
        }
        self.len -= 1;
        // What follows moves up, as far as it does not pass its own home.
        let mut hole = at;
        loop {
            at = (at + 1) & mask;
            let slot = self.slots[at];
            if slot.0 == 0 {
                break;
            }
            let home = self.home(slot.0);
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.slots[hole] = slot;
                hole = at;
            }
        }
        self.slots[hole] = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn streams_are_found_by_identifier_and_stale_keys_find_nothing() {
        let mut seed = 7u64;
        let mut next = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((seed >> 33) as usize) % below
        };
        let mut store = Store::default();
        let mut known: HashMap<u32, Key> = HashMap::new();
        let mut stale = Vec::new();
        for step in 0..20_000 {
            let id = (next(300) * 2 + 1) as u32;
            match known.remove(&id) {
                Some(key) => {
                    assert_eq!(store.find(id), Some(key));
                    assert_eq!(store.remove(key).map(|stream| stream.id), Some(id));
                    stale.push(key);
                }
                None => {
                    assert_eq!(store.find(id), None);
                    known.insert(id, store.insert(Stream::for_test(id)));
                }
            }
            assert_eq!(store.len(), known.len());
            if step % 100 == 0 {
                assert!(stale.drain(..).all(|key| store.get(key).is_none()));
                for (id, key) in &known {
                    assert_eq!(store.get(*key).map(|stream| stream.id), Some(*id));
                }
                assert_eq!(store.keys().len(), known.len());
            }
        }
    }

    #[test]
    fn the_places_of_a_burst_are_given_up() {
        let mut store = Store::default();
        let keys: Vec<Key> = (0..100).map(|at| store.insert(Stream::for_test(at * 2 + 1))).collect();
        store.trim();
        assert_eq!(store.places.len(), 100);
        keys.iter().for_each(|key| drop(store.remove(*key)));
        store.trim();
        assert_eq!(store.places.len(), IDLE_PLACES);
        let again = store.insert(Stream::for_test(301));
        assert!(keys.iter().all(|key| store.get(*key).is_none()));
        assert!(store.get(again).is_some());
    }
}
