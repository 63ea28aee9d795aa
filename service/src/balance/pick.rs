//! Which instance gets a request.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::endpoint::Endpoint;
use super::load::{Load, Look};
use crate::clock::nanos;
use crate::random::{Random, mix};
use crate::stripe::Stripe;

/// The instances a [`Picker`] picks from. Not empty.
#[derive(Clone, Copy)]
pub struct Candidates<'a> {
    pub(super) endpoints: &'a dyn Measured,
    pub(super) now: u64,
    pub(super) random: &'a Random,
    /// Of the thread that picks.
    pub(super) stripe: Stripe,
}

/// A list of endpoints, whatever their keys and services are.
pub(super) trait Measured {
    fn len(&self) -> usize;
    fn pending(&self, index: usize) -> u64;
    fn weight(&self, index: usize) -> f32;
    fn hash(&self, index: usize) -> u64;
    fn load(&self, index: usize, now: u64, look: Look) -> f32;
}

/// Endpoints with how their load is told.
pub(super) struct Scales<'a, K, S> {
    pub(super) endpoints: &'a [Arc<Endpoint<K, S>>],
    pub(super) load: &'a Load,
    /// Nanoseconds of the slow start, or zero.
    pub(super) slow_start: u64,
}

impl<K, S> Scales<'_, K, S> {
    /// The load where it takes a clock. Out of the way of the one that takes none.
    #[inline(never)]
    fn load_in_time(&self, endpoint: &Endpoint<K, S>, now: u64, look: Look) -> f32 {
        let mut share = endpoint.weight;
        if self.slow_start != 0 {
            let age = now.saturating_sub(endpoint.start.load(Ordering::Relaxed));
            share *= (age as f32 / self.slow_start as f32).clamp(0.1, 1.0);
        }
        endpoint.meter.load(*self.load, now, look) / share
    }
}

impl<K, S> Measured for Scales<'_, K, S> {
    fn len(&self) -> usize {
        self.endpoints.len()
    }

    fn pending(&self, index: usize) -> u64 {
        self.endpoints[index].meter.pending()
    }

    fn weight(&self, index: usize) -> f32 {
        self.endpoints[index].weight
    }

    fn hash(&self, index: usize) -> u64 {
        self.endpoints[index].hash
    }

    #[inline]
    fn load(&self, index: usize, now: u64, look: Look) -> f32 {
        let endpoint = &self.endpoints[index];
        if self.slow_start == 0 && *self.load == Load::Pending {
            return endpoint.meter.load_of_pending(look) / endpoint.weight;
        }
        self.load_in_time(endpoint, now, look)
    }
}

impl Candidates<'_> {
    /// How many there are; at least one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.endpoints.len()
    }

    /// Never.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The load of one, by its weight; the smaller, the sooner it is likely to answer.
    ///
    /// # Panics
    ///
    /// If there is none with this index.
    #[must_use]
    pub fn load(&self, index: usize) -> f32 {
        self.endpoints.load(index, self.now, Look::Close)
    }

    /// As [`load`](Self::load), where calls of other threads count as they were when they were last looked at.
    fn load_by(&self, index: usize, look: Look) -> f32 {
        self.endpoints.load(index, self.now, look)
    }

    /// The calls of one that are under way.
    ///
    /// # Panics
    ///
    /// If there is none with this index.
    #[must_use]
    pub fn pending(&self, index: usize) -> u64 {
        self.endpoints.pending(index)
    }

    /// The weight of one.
    ///
    /// # Panics
    ///
    /// If there is none with this index.
    #[must_use]
    pub fn weight(&self, index: usize) -> f32 {
        self.endpoints.weight(index)
    }

    /// A number that belongs to the key of one, the same in every process.
    ///
    /// # Panics
    ///
    /// If there is none with this index.
    #[must_use]
    pub fn hash(&self, index: usize) -> u64 {
        self.endpoints.hash(index)
    }

    /// A random number.
    #[must_use]
    pub fn random(&self) -> u64 {
        self.random.next()
    }
}

impl fmt::Debug for Candidates<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidates").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// Picks an instance for a request.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not pick an instance for requests of `{Request}`",
    note = "`P2c`, `LeastLoaded`, `RoundRobin` and `WeightedRandom` do for all requests, `ConsistentHash` does with a \
            function `Fn(&{Request}) -> u64`"
)]
pub trait Picker<Request> {
    /// The index of the instance that is to get the request.
    fn pick(&self, candidates: &Candidates<'_>, request: &Request) -> usize;
}

/// A random number below `bound`, without a division.
fn below(random: u32, bound: usize) -> usize {
    ((u64::from(random) * bound as u64) >> 32) as usize
}

/// Power of two choices: the less loaded of two instances at random.
///
/// Calls under way that other threads began count as they were when the thread last looked at them all, which it does for
/// one pick in sixteen.
#[derive(Debug, Clone, Copy, Default)]
pub struct P2c(());

impl P2c {
    /// The picker.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<Request> Picker<Request> for P2c {
    #[inline]
    fn pick(&self, candidates: &Candidates<'_>, _: &Request) -> usize {
        let len = candidates.len();
        if len == 1 {
            return 0;
        }
        let is_due = candidates.random.is_sixteenth();
        let look = if is_due { Look::Update(candidates.stripe) } else { Look::Glance(candidates.stripe) };
        let random = candidates.random();
        let first = below(random as u32, len);
        // One of the others: never the same twice.
        let ahead = first + 1 + below((random >> 32) as u32, len - 1);
        let second = if ahead < len { ahead } else { ahead - len };
        if candidates.load_by(second, look) < candidates.load_by(first, look) { second } else { first }
    }
}

/// The least loaded of all instances.
#[derive(Debug, Clone, Copy, Default)]
pub struct LeastLoaded(());

impl LeastLoaded {
    /// The picker.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<Request> Picker<Request> for LeastLoaded {
    fn pick(&self, candidates: &Candidates<'_>, _: &Request) -> usize {
        // From a random start, so that equals share.
        let start = below(candidates.random() as u32, candidates.len());
        let around = (start..candidates.len()).chain(0..start);
        around.min_by(|a, b| candidates.load(*a).total_cmp(&candidates.load(*b))).unwrap_or(0)
    }
}

/// One instance after another. Clones go on where the others are.
#[derive(Debug, Clone, Default)]
pub struct RoundRobin {
    next: Arc<AtomicUsize>,
}

impl RoundRobin {
    /// The picker.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl<Request> Picker<Request> for RoundRobin {
    fn pick(&self, candidates: &Candidates<'_>, _: &Request) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed) % candidates.len()
    }
}

/// An instance at random, by weight.
#[derive(Debug, Clone, Copy, Default)]
pub struct WeightedRandom(());

impl WeightedRandom {
    /// The picker.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<Request> Picker<Request> for WeightedRandom {
    fn pick(&self, candidates: &Candidates<'_>, _: &Request) -> usize {
        let total: f64 = (0..candidates.len()).map(|index| f64::from(candidates.weight(index))).sum();
        let mut left = crate::random::fraction(candidates.random()) * total;
        for index in 0..candidates.len() {
            left -= f64::from(candidates.weight(index));
            if left < 0.0 {
                return index;
            }
        }
        candidates.len() - 1
    }
}

/// The same instance for the same key, unless that has more than its share of calls under way.
///
/// By rendezvous: each instance has a number for each key, and the highest one wins. When an instance goes, its keys are
/// spread over the others and all others stay where they are. An instance with more calls under way than a factor
/// above the average is passed over, so a popular key does not drown one (consistent hashing with bounded loads).
#[derive(Clone)]
pub struct ConsistentHash<F> {
    key: F,
    bound: f64,
}

impl<F> ConsistentHash<F> {
    /// Picks by the number `key` makes of a request, with a bound of 1.25.
    #[must_use]
    pub const fn new(key: F) -> Self {
        Self { key, bound: 1.25 }
    }

    /// Passes over instances with more than `factor` times the average of calls under way.
    ///
    /// # Panics
    ///
    /// If `factor` is not a number above 1.
    #[must_use]
    pub fn bound(mut self, factor: f64) -> Self {
        assert!(factor > 1.0 && factor.is_finite(), "`bound` is {factor}, not a number above 1");
        self.bound = factor;
        self
    }
}

impl<F> fmt::Debug for ConsistentHash<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsistentHash").field("bound", &self.bound).finish_non_exhaustive()
    }
}

impl<F, Request> Picker<Request> for ConsistentHash<F>
where
    F: Fn(&Request) -> u64,
{
    fn pick(&self, candidates: &Candidates<'_>, request: &Request) -> usize {
        let key = (self.key)(request);
        let len = candidates.len();
        let pending: u64 = (0..len).map(|index| candidates.pending(index)).sum();
        let bound = ((pending + 1) as f64 / len as f64 * self.bound).ceil() as u64;
        let score = |index: &usize| {
            // The highest of weighted exponential draws: a share in proportion to the weight.
            let draw = crate::random::fraction(mix(key ^ candidates.hash(*index))).max(f64::MIN_POSITIVE);
            -f64::from(candidates.weight(*index)) / draw.ln()
        };
        let free = (0..len).filter(|index| candidates.pending(*index) < bound);
        free.max_by(|a, b| score(a).total_cmp(&score(b))).unwrap_or(0)
    }
}

/// The nanoseconds of a slow start, or zero for none.
pub(super) fn slow_start_nanos(duration: Option<std::time::Duration>) -> u64 {
    duration.map_or(0, nanos)
}
