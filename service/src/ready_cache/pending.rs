//! The services that are to be asked for readiness.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tower_service::Service;

use crate::woken::Woken;

#[derive(Debug)]
pub(super) struct Pending<K, S> {
    slots: Vec<Slot<K, S>>,
    vacant: Vec<usize>,
    places: HashMap<K, usize>,
    woken: Arc<Woken>,
}

#[derive(Debug)]
struct Slot<K, S> {
    service: Option<(K, S)>,
    waker: Waker,
}

impl<K, S> Default for Pending<K, S> {
    fn default() -> Self {
        Self { slots: Vec::new(), vacant: Vec::new(), places: HashMap::new(), woken: Arc::default() }
    }
}

impl<K, S> Pending<K, S> {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.places.keys()
    }
}

impl<K: Hash + Eq + Clone, S> Pending<K, S> {
    pub(super) fn contains<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.places.contains_key(key)
    }

    /// Adds a service, or puts it in the place of the one with its key.
    pub(super) fn push(&mut self, key: K, service: S) {
        let place = match self.places.get(&key) {
            Some(&place) => place,
            None => {
                let place = self.vacant.pop().unwrap_or_else(|| {
                    let place = self.slots.len();
                    self.slots.push(Slot { service: None, waker: self.woken.waker(place) });
                    place
                });
                self.places.insert(key.clone(), place);
                place
            }
        };
        self.slots[place].service = Some((key, service));
        self.woken.note(place);
    }

    pub(super) fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<S>
    where
        K: Borrow<Q>,
    {
        let place = self.places.remove(key)?;
        self.vacant.push(place);
        self.slots[place].service.take().map(|(_, service)| service)
    }

    /// The next service that is ready or fails to be.
    pub(super) fn poll_next<Req>(&mut self, cx: &mut Context<'_>) -> Poll<(K, S, Result<(), S::Error>)>
    where
        S: Service<Req>,
    {
        while let Some(place) = self.woken.take(cx) {
            let slot = &mut self.slots[place];
            let Some((_, service)) = &mut slot.service else { continue };
            let Poll::Ready(ready) = service.poll_ready(&mut Context::from_waker(&slot.waker)) else {
                continue;
            };
            let (key, service) = slot.service.take().expect("looked at above");
            self.places.remove(&key);
            self.vacant.push(place);
            return Poll::Ready((key, service, ready));
        }
        Poll::Pending
    }
}
