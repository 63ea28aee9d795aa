//! The cache.

use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::task::{Context, Poll};

use tower_service::Service;

use super::error::Failed;
use super::pending::Pending;
use super::ready::Ready;
use crate::BoxError;

/// Services, by key, kept apart by whether they are ready for a request of `Req`.
pub struct ReadyCache<K, S, Req> {
    pending: Pending<K, S>,
    ready: Ready<K, S>,
    request: PhantomData<fn(Req)>,
}

impl<K, S, Req> Default for ReadyCache<K, S, Req> {
    fn default() -> Self {
        Self { pending: Pending::default(), ready: Ready::default(), request: PhantomData }
    }
}

impl<K, S, Req> fmt::Debug for ReadyCache<K, S, Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadyCache")
            .field("ready", &self.ready.list().len())
            .field("pending", &self.pending.len())
            .finish()
    }
}

impl<K: Hash + Eq + Clone, S, Req> ReadyCache<K, S, Req> {
    /// How many services there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ready_len() + self.pending_len()
    }

    /// Whether there is no service.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many services are ready.
    #[must_use]
    pub fn ready_len(&self) -> usize {
        self.ready.list().len()
    }

    /// How many services are not ready, as far as is known.
    #[must_use]
    pub fn pending_len(&self) -> usize {
        self.pending.len()
    }

    /// Whether the service with this key is not ready, as far as is known.
    pub fn pending_contains<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.pending.contains(key)
    }

    /// The keys of all services, in no order. One that is ready and has a successor that is pending is told twice.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.ready.list().iter().map(|(key, _)| key).chain(self.pending.keys())
    }

    /// The service with this key, if it is ready, and its place among those that are.
    pub fn get_ready<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<(usize, &K, &S)>
    where
        K: Borrow<Q>,
    {
        let place = self.ready.place(key)?;
        self.get_ready_index(place).map(|(key, service)| (place, key, service))
    }

    /// The service with this key, if it is ready, and its place among those that are.
    pub fn get_ready_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<(usize, &K, &mut S)>
    where
        K: Borrow<Q>,
    {
        let place = self.ready.place(key)?;
        self.ready.get_mut(place).map(|(key, service)| (place, key, service))
    }

    /// The ready service in this place.
    #[must_use]
    pub fn get_ready_index(&self, index: usize) -> Option<(&K, &S)> {
        self.ready.list().get(index).map(|(key, service)| (key, service))
    }

    /// The ready service in this place.
    pub fn get_ready_index_mut(&mut self, index: usize) -> Option<(&K, &mut S)> {
        self.ready.get_mut(index)
    }

    /// The ready services, in the order of their places.
    pub fn iter_ready(&self) -> impl Iterator<Item = (&K, &S)> {
        self.ready.list().iter().map(|(key, service)| (key, service))
    }

    /// The ready services, in the order of their places.
    pub fn iter_ready_mut(&mut self) -> impl Iterator<Item = (&K, &mut S)> {
        self.ready.iter_mut()
    }

    /// Drops the service with this key. Says whether it was there. The last ready one takes its place.
    pub fn evict<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        let pending = self.pending.remove(key);
        let ready = self.ready.place(key).and_then(|place| self.ready.take(place));
        pending.is_some() || ready.is_some()
    }

    /// Adds a service, to be asked for readiness.
    ///
    /// One with the same key that is pending is dropped; one that is ready is used until the new one is ready.
    pub fn push(&mut self, key: K, service: S) {
        self.pending.push(key, service);
    }
}

impl<K, S, Req> ReadyCache<K, S, Req>
where
    K: Hash + Eq + Clone,
    S: Service<Req>,
    S::Error: Into<BoxError>,
{
    /// Asks the services that were woken for readiness; ready once none is pending.
    ///
    /// # Errors
    ///
    /// If one fails to become ready. It is dropped, and the others are not affected: ask again.
    pub fn poll_pending(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failed<K>>> {
        while let Poll::Ready((key, service, ready)) = self.pending.poll_next(cx) {
            match ready {
                Ok(()) => self.ready.insert(key, service),
                Err(error) => return Poll::Ready(Err(Failed(key, error.into()))),
            }
        }
        if self.pending.len() == 0 { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Asks a ready service whether it still is. One that is not becomes pending.
    ///
    /// # Errors
    ///
    /// If it fails. It is dropped.
    pub fn check_ready<Q: Hash + Eq + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        key: &Q,
    ) -> Result<bool, Failed<K>>
    where
        K: Borrow<Q>,
    {
        match self.ready.place(key) {
            Some(place) => self.check_ready_index(cx, place),
            None => Ok(false),
        }
    }

    /// Asks the ready service in this place whether it still is. One that is not becomes pending.
    ///
    /// # Errors
    ///
    /// If it fails. It is dropped.
    pub fn check_ready_index(&mut self, cx: &mut Context<'_>, index: usize) -> Result<bool, Failed<K>> {
        let Some((_, service)) = self.ready.get_mut(index) else { return Ok(false) };
        match service.poll_ready(cx) {
            Poll::Ready(Ok(())) => Ok(true),
            Poll::Pending => {
                self.requeue(index);
                Ok(false)
            }
            Poll::Ready(Err(error)) => {
                let (key, _) = self.ready.take(index).expect("looked at above");
                Err(Failed(key, error.into()))
            }
        }
    }

    /// Makes a ready service pending, unless its successor is.
    fn requeue(&mut self, index: usize) {
        if let Some((key, service)) = self.ready.take(index)
            && !self.pending.contains(&key)
        {
            self.pending.push(key, service);
        }
    }

    /// Calls a ready service, which is pending after that.
    ///
    /// # Panics
    ///
    /// If it is not ready.
    pub fn call_ready<Q: Hash + Eq + ?Sized>(&mut self, key: &Q, request: Req) -> S::Future
    where
        K: Borrow<Q>,
    {
        let place = self.ready.place(key).expect("a service is called that is not ready");
        self.call_ready_index(place, request)
    }

    /// Calls the ready service in this place, which is pending after that.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn call_ready_index(&mut self, index: usize, request: Req) -> S::Future {
        let (_, service) = self.ready.get_mut(index).expect("a service is called that is not ready");
        let future = service.call(request);
        self.requeue(index);
        future
    }
}
