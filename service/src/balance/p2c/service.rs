//! The balanced service.

use std::fmt;
use std::hash::Hash;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower_service::Service;

use crate::BoxError;
use crate::balance::{Change, Discover, NoEndpoints};
use crate::error::BoxErrorsFuture;
use crate::load::Load;
use crate::random::Random;
use crate::ready_cache::ReadyCache;

/// One service of those a [`Discover`] tells, of which it owns all.
pub struct Balance<D: Discover, Req> {
    discover: D,
    discovery: Discovery,
    services: ReadyCache<D::Key, D::Service, Req>,
    /// The place of the service that was picked and found ready.
    picked: Option<usize>,
    random: Random,
}

/// Whether further changes may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Discovery {
    GoesOn,
    Ended,
}

impl<D, Req> Balance<D, Req>
where
    D: Discover,
    D::Key: Hash + Eq + Clone,
    D::Service: Service<Req>,
{
    /// Balances the services that `discover` tells.
    pub fn new(discover: D) -> Self {
        let (services, random) = (ReadyCache::default(), Random::new());
        Self { discover, discovery: Discovery::GoesOn, services, picked: None, random }
    }

    /// Draws from the sequence of `seed`, for tests and simulation.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.random = Random::from_seed(seed);
        self
    }

    /// How many services are known.
    pub fn len(&self) -> usize {
        self.services.len()
    }

    /// Whether no service is known.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
    }
}

impl<D, Req> Balance<D, Req>
where
    D: Discover + Unpin,
    D::Key: Hash + Eq + Clone,
    D::Error: Into<BoxError>,
    D::Service: Service<Req> + Load,
    <D::Service as Service<Req>>::Error: Into<BoxError>,
{
    /// Takes in the changes there are.
    fn follow(&mut self, cx: &mut Context<'_>) -> Result<(), BoxError> {
        while self.discovery == Discovery::GoesOn {
            let change = match Pin::new(&mut self.discover).poll_discover(cx) {
                Poll::Pending => break,
                Poll::Ready(None) => {
                    self.discovery = Discovery::Ended;
                    break;
                }
                Poll::Ready(Some(change)) => change.map_err(Into::into)?,
            };
            // Places move when a service goes.
            self.picked = None;
            match change {
                Change::Insert(key, service) => self.services.push(key, service),
                Change::Remove(key) => drop(self.services.evict(&key)),
                Change::Reset(all) => self.reset(all),
            }
        }
        Ok(())
    }

    /// Keeps the services whose keys stay, as they are.
    fn reset(&mut self, all: Vec<(D::Key, D::Service)>) {
        let known: Vec<_> = self.services.keys().cloned().collect();
        for key in known.iter().filter(|key| all.iter().all(|(new, _)| new != *key)) {
            self.services.evict(key);
        }
        for (key, service) in all {
            if !known.contains(&key) {
                self.services.push(key, service);
            }
        }
    }

    /// Finds those that have become ready. Those that fail are dropped: the discovery may tell them anew.
    fn promote(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Err(_)) = self.services.poll_pending(cx) {}
    }

    /// The less loaded of two ready services at random.
    fn pick(&self) -> Option<usize> {
        let len = self.services.ready_len();
        if len < 2 {
            return len.checked_sub(1);
        }
        let random = self.random.next();
        let first = (random as u32 as usize) % len;
        let second = (first + 1 + ((random >> 32) as usize) % (len - 1)) % len;
        let load = |place| self.services.get_ready_index(place).map(|(_, service)| service.load());
        Some(if load(second) < load(first) { second } else { first })
    }
}

impl<D: Discover, Req> fmt::Debug for Balance<D, Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("p2c::Balance").field("services", &self.services).finish_non_exhaustive()
    }
}

impl<D, Req> Service<Req> for Balance<D, Req>
where
    D: Discover + Unpin,
    D::Key: Hash + Eq + Clone,
    D::Error: Into<BoxError>,
    D::Service: Service<Req> + Load,
    <D::Service as Service<Req>>::Error: Into<BoxError>,
{
    type Response = <D::Service as Service<Req>>::Response;
    type Error = BoxError;
    type Future = BoxErrorsFuture<<D::Service as Service<Req>>::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.follow(cx)?;
        loop {
            self.promote(cx);
            let Some(place) = self.picked.take().or_else(|| self.pick()) else {
                let is_hopeless = self.services.is_empty() && self.discovery == Discovery::Ended;
                return if is_hopeless { Poll::Ready(Err(NoEndpoints.into())) } else { Poll::Pending };
            };
            // It may have changed its mind. If so it is pending, or gone, and another one is picked.
            if let Ok(true) = self.services.check_ready_index(cx, place) {
                self.picked = Some(place);
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// # Panics
    ///
    /// If `poll_ready` has not answered since the last call.
    fn call(&mut self, request: Req) -> Self::Future {
        let place = self.picked.take().expect("`poll_ready` answers before `call`");
        BoxErrorsFuture::new(self.services.call_ready_index(place, request))
    }
}
