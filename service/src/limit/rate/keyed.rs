//! A rate for each key: its table, layer and service.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tower_layer::Layer;
use tower_service::Service;

use super::gcra::{Bucket, Rate};
use crate::before_use::before_use;
use crate::clock::Epoch;
use crate::error::OverloadReason;
use crate::limits::KEYS_MAX;
use crate::load_shed::ResponseFuture;
use crate::observe::{Event, Observer, Watch};
use crate::shards::Shards;
use crate::{OverloadError, Overloaded};

crate::access::access_inner! {
    impl<S, K, F> KeyedRateLimit<S, K, F>;
}

/// One bucket for each key, all of the same rate.
///
/// A full bucket is as good as none, so those are forgotten when room is needed; where there is no room even then, the
/// call is refused.
struct Table<K> {
    shards: Shards<Shard<K>>,
    keys_max: usize,
    rate: Rate,
    epoch: Epoch,
}

struct Shard<K> {
    buckets: HashMap<K, Bucket>,
    /// Not to be searched for full buckets before: a flood of new keys pays for one search, not each for its own.
    next_sweep: u64,
}

impl<K> Default for Shard<K> {
    fn default() -> Self {
        Self { buckets: HashMap::new(), next_sweep: 0 }
    }
}

/// Nanoseconds between two searches for full buckets.
const SWEEP_INTERVAL: u64 = 100_000_000;

impl<K: Hash + Eq> Table<K> {
    fn try_take(&self, key: K) -> Result<(), Overloaded> {
        let now = self.epoch.now();
        let mut shard = self.shards.lock(&key);
        let room = self.shards.room(self.keys_max);
        if shard.buckets.len() >= room && !shard.buckets.contains_key(&key) {
            if now >= shard.next_sweep {
                shard.next_sweep = now.saturating_add(SWEEP_INTERVAL);
                shard.buckets.retain(|_, bucket| !bucket.is_full(now));
            }
            if shard.buckets.len() >= room {
                return Err(Overloaded::because(OverloadReason::Keys));
            }
        }
        let bucket = shard.buckets.entry(key).or_insert(Bucket::FULL);
        *bucket = self
            .rate
            .admit(*bucket, now)
            .map_err(|wait| Overloaded::because(OverloadReason::Rate).retry_after(wait))?;
        Ok(())
    }
}

/// A layer that bounds the calls of each key in a span of time: of each client, say.
///
/// The table of keys is bounded: by 65,536 keys unless [`keys_max`](Self::keys_max) says otherwise.
///
/// ```
/// use std::time::Duration;
/// use minato_service::limit::KeyedRateLimitLayer;
/// use minato_service::{Layer, ServiceExt, service_fn};
///
/// let per_client = KeyedRateLimitLayer::new(10, Duration::from_secs(1), |request: &(u32, String)| request.0);
/// let service = per_client.layer(service_fn(|request: (u32, String)| async move { Ok::<_, ()>(request.1) }));
/// # let _ = service.boxed_clone();
/// ```
pub struct KeyedRateLimitLayer<K, F> {
    table: Arc<Table<K>>,
    key: F,
    watch: Watch,
}

impl<K, F> KeyedRateLimitLayer<K, F> {
    /// `num` calls of each key in each span of `per`; others are refused and told when to come back.
    ///
    /// # Panics
    ///
    /// As [`RateLimitLayer::new`](super::RateLimitLayer::new).
    #[must_use]
    pub fn new<Request>(num: u64, per: Duration, key: F) -> Self
    where
        F: Fn(&Request) -> K,
    {
        let table = Table {
            shards: Shards::new(),
            keys_max: KEYS_MAX,
            rate: Rate::new(num, per),
            epoch: Epoch::new(),
        };
        Self { table: Arc::new(table), key, watch: Watch::default() }
    }

    /// Keeps track of at most about `keys` keys at once, rounded up to a multiple of sixteen.
    ///
    /// # Panics
    ///
    /// If `keys` is zero, or the layer has been cloned or has made a service already.
    #[must_use]
    pub fn keys_max(mut self, keys: usize) -> Self {
        assert!(keys > 0, "`keys_max` is zero: every call would be refused");
        before_use(&mut self.table, "keys_max").keys_max = keys;
        self
    }

    /// Tells `observer` what is refused.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.watch = Watch::new(observer);
        self
    }

    /// Looks at how many keys there are, and changes the limit while calls run.
    #[must_use]
    pub fn handle(&self) -> KeyedRateHandle<K> {
        KeyedRateHandle { table: self.table.clone() }
    }
}

/// Looks at how many keys a keyed rate limit keeps track of, and changes the limit while calls run.
pub struct KeyedRateHandle<K> {
    table: Arc<Table<K>>,
}

impl<K> KeyedRateHandle<K> {
    /// Lets `num` calls of each key through in each span of `per` from now on.
    ///
    /// # Panics
    ///
    /// As [`RateLimitLayer::new`](super::RateLimitLayer::new).
    pub fn set_rate(&self, num: u64, per: Duration) {
        self.table.rate.set(num, per);
    }

    /// How many keys are kept track of, full buckets that were not needed for a while among them.
    #[must_use]
    pub fn keys(&self) -> usize {
        let mut keys = 0;
        self.table.shards.for_each(|shard| keys += shard.buckets.len());
        keys
    }
}

impl<K> Clone for KeyedRateHandle<K> {
    fn clone(&self) -> Self {
        Self { table: self.table.clone() }
    }
}

impl<K> fmt::Debug for KeyedRateHandle<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedRateHandle").field("rate", &self.table.rate).finish_non_exhaustive()
    }
}

impl<K, F: Clone> Clone for KeyedRateLimitLayer<K, F> {
    fn clone(&self) -> Self {
        Self { table: self.table.clone(), key: self.key.clone(), watch: self.watch.clone() }
    }
}

impl<K, F> fmt::Debug for KeyedRateLimitLayer<K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedRateLimitLayer").field("rate", &self.table.rate).finish_non_exhaustive()
    }
}

impl<S, K, F: Clone> Layer<S> for KeyedRateLimitLayer<K, F> {
    type Service = KeyedRateLimit<S, K, F>;

    fn layer(&self, inner: S) -> Self::Service {
        KeyedRateLimit { inner, layer: self.clone() }
    }
}

/// A service with a bound on the calls of each key, made by a [`KeyedRateLimitLayer`].
pub struct KeyedRateLimit<S, K, F> {
    inner: S,
    layer: KeyedRateLimitLayer<K, F>,
}

impl<S: Clone, K, F: Clone> Clone for KeyedRateLimit<S, K, F> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), layer: self.layer.clone() }
    }
}

impl<S: fmt::Debug, K, F> fmt::Debug for KeyedRateLimit<S, K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedRateLimit").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, K, F, Request> Service<Request> for KeyedRateLimit<S, K, F>
where
    S: Service<Request>,
    K: Hash + Eq,
    F: Fn(&Request) -> K,
{
    type Response = S::Response;
    type Error = OverloadError<S::Error>;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(OverloadError::Inner)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.layer.table.try_take((self.layer.key)(&request)) {
            Ok(()) => ResponseFuture::called(self.inner.call(request)),
            Err(refusal) => {
                self.layer.watch.tell(|| Event::Refused { reason: refusal.reason });
                ResponseFuture::refused(refusal)
            }
        }
    }
}
