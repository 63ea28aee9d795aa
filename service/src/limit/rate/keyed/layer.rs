//! The layer of [`KeyedRateLimit`], which owns the table.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use super::KeyedRateLimit;
use super::table::Table;
use crate::before_use::before_use;
use crate::limit::{Reject, Wait};
use crate::observe::{Observer, Watch};

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
pub struct KeyedRateLimitLayer<K, F, M = Reject> {
    pub(super) table: Arc<Table<K>>,
    pub(super) key: F,
    pub(super) mode: M,
    pub(super) watch: Watch,
}

impl<K, F> KeyedRateLimitLayer<K, F> {
    /// `num` calls of each key in each span of `per`; others are refused and told when to come back.
    ///
    /// # Panics
    ///
    /// As [`RateLimitLayer::new`](crate::limit::RateLimitLayer::new).
    #[must_use]
    pub fn new<Request>(num: u64, per: Duration, key: F) -> Self
    where
        F: Fn(&Request) -> K,
    {
        Self::with_mode(num, per, Reject, key)
    }
}

impl<K, F> KeyedRateLimitLayer<K, F, Wait> {
    /// `num` calls of each key in each span of `per`; others wait for their turn among those of their key, as `wait` says.
    ///
    /// How many may wait, by `wait`, is for each key; for all of them it is 16,384 unless
    /// [`all_waiters_max`](Self::all_waiters_max) says otherwise. A call whose turn would come too late, for `wait` or for
    /// its [deadline](crate::deadline), is refused at once, and one that has expired when its turn comes takes no place.
    ///
    /// # Panics
    ///
    /// As [`RateLimitLayer::waiting`](crate::limit::RateLimitLayer::waiting).
    #[must_use]
    pub fn waiting<Request>(num: u64, per: Duration, wait: Wait, key: F) -> Self
    where
        F: Fn(&Request) -> K,
    {
        wait.check_for_rate();
        Self::with_mode(num, per, wait, key)
    }

    /// Lets at most `waiters` calls of all keys wait at once.
    ///
    /// # Panics
    ///
    /// If `waiters` is zero, or the layer has been used already.
    #[must_use]
    pub fn all_waiters_max(mut self, waiters: usize) -> Self {
        assert!(waiters > 0, "`all_waiters_max` is zero: nobody could wait");
        before_use(&mut self.table, "all_waiters_max").waiters_max = waiters;
        self
    }
}

impl<K, F, M> KeyedRateLimitLayer<K, F, M> {
    fn with_mode(num: u64, per: Duration, mode: M, key: F) -> Self {
        Self { table: Arc::new(Table::new(num, per)), key, mode, watch: Watch::default() }
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
    /// How many calls of each key are let through, and in how long a span of time; the latter so that calls are a whole
    /// number of nanoseconds apart.
    #[must_use]
    pub fn rate(&self) -> (u64, Duration) {
        self.table.rate.get()
    }

    /// Lets `num` calls of each key through in each span of `per` from now on.
    ///
    /// Calls that wait already ask again at the time they were told.
    ///
    /// # Panics
    ///
    /// As [`RateLimitLayer::new`](crate::limit::RateLimitLayer::new).
    pub fn set_rate(&self, num: u64, per: Duration) {
        self.table.rate.set(num, per);
    }

    /// How many keys are kept track of, full buckets that were not needed for a while among them.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.table.keys()
    }

    /// How many calls of all keys wait for their turn.
    #[must_use]
    pub fn waiting_in_all(&self) -> usize {
        self.table.waiting_in_all()
    }
}

impl<K: Hash + Eq> KeyedRateHandle<K> {
    /// How many calls of a key wait for their turn.
    #[must_use]
    pub fn waiting(&self, key: &K) -> usize {
        self.table.waiting(key)
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

impl<K, F: Clone, M: Clone> Clone for KeyedRateLimitLayer<K, F, M> {
    fn clone(&self) -> Self {
        Self {
            table: self.table.clone(),
            key: self.key.clone(),
            mode: self.mode.clone(),
            watch: self.watch.clone(),
        }
    }
}

impl<K, F, M: fmt::Debug> fmt::Debug for KeyedRateLimitLayer<K, F, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedRateLimitLayer")
            .field("rate", &self.table.rate)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

impl<S, K, F: Clone, M: Clone> Layer<S> for KeyedRateLimitLayer<K, F, M> {
    type Service = KeyedRateLimit<S, K, F, M>;

    fn layer(&self, inner: S) -> Self::Service {
        KeyedRateLimit::new(inner, self.clone())
    }
}
