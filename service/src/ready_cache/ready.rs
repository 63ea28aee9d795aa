//! The services that are ready, by key and by place.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Places are those of a list without gaps: the last moves to where one was taken out.
#[derive(Debug)]
pub(super) struct Ready<K, S> {
    list: Vec<(K, S)>,
    places: HashMap<K, usize>,
}

impl<K, S> Default for Ready<K, S> {
    fn default() -> Self {
        Self { list: Vec::new(), places: HashMap::new() }
    }
}

impl<K, S> Ready<K, S> {
    pub(super) fn list(&self) -> &[(K, S)] {
        &self.list
    }

    pub(super) fn get_mut(&mut self, place: usize) -> Option<(&K, &mut S)> {
        self.list.get_mut(place).map(|(key, service)| (&*key, service))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut S)> {
        self.list.iter_mut().map(|(key, service)| (&*key, service))
    }
}

impl<K: Hash + Eq + Clone, S> Ready<K, S> {
    pub(super) fn place<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        self.places.get(key).copied()
    }

    /// Adds a service, or puts it in the place of the one with its key.
    pub(super) fn insert(&mut self, key: K, service: S) {
        match self.places.get(&key) {
            Some(&place) => self.list[place].1 = service,
            None => {
                self.places.insert(key.clone(), self.list.len());
                self.list.push((key, service));
            }
        }
    }

    pub(super) fn take(&mut self, place: usize) -> Option<(K, S)> {
        if place >= self.list.len() {
            return None;
        }
        let (key, service) = self.list.swap_remove(place);
        self.places.remove(&key);
        if let Some((moved, _)) = self.list.get(place) {
            self.places.insert(moved.clone(), place);
        }
        Some((key, service))
    }
}
