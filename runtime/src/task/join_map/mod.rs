//! Tasks under keys, joined in the order in which they end.
//!
//! Inside: `index` keeps the keys; the tasks are in a [`JoinSet`].

mod index;

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::hash::{BuildHasher, Hash, RandomState};
use std::task::{Context, Poll, ready};

use self::index::Index;
use super::{AbortHandle, Id, JoinError, JoinSet, LocalSet};
use crate::runtime::Handle;

/// Owns tasks under keys, and joins them in the order in which they end, each with its key.
///
/// A task spawned under a key that is taken aborts the one before, whose end is then not told. Dropping the map aborts
/// its tasks.
///
/// # Examples
///
/// ```
/// use minato_runtime::task::JoinMap;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut map = JoinMap::new();
/// map.spawn("answer", async { 42 });
/// map.spawn("endless", std::future::pending());
/// map.abort("endless");
/// while let Some((key, output)) = map.join_next().await {
///     match key {
///         "answer" => assert_eq!(output.unwrap(), 42),
///         _ => assert!(output.unwrap_err().is_cancelled()),
///     }
/// }
/// # });
/// ```
pub struct JoinMap<K, V, S = RandomState> {
    /// The tasks whose end will be told.
    index: Index<K, AbortHandle, S>,
    numbers: HashMap<Id, usize>,
    /// With those that were replaced and have not ended yet.
    tasks: JoinSet<V>,
}

impl<K, V> JoinMap<K, V> {
    /// An empty map; allocates when the first task comes.
    #[must_use]
    pub fn new() -> Self {
        Self::with_hasher(RandomState::new())
    }

    /// An empty map with room for `capacity` keys.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_and_hasher(capacity, RandomState::new())
    }
}

impl<K, V, S> JoinMap<K, V, S> {
    /// An empty map whose keys are hashed by `hasher`.
    #[must_use]
    pub fn with_hasher(hasher: S) -> Self {
        Self::with_capacity_and_hasher(0, hasher)
    }

    /// An empty map with room for `capacity` keys, which are hashed by `hasher`.
    #[must_use]
    pub fn with_capacity_and_hasher(capacity: usize, hasher: S) -> Self {
        Self {
            index: Index::new(capacity, hasher),
            numbers: HashMap::with_capacity(capacity),
            tasks: JoinSet::new(),
        }
    }

    /// How many tasks are in the map, running or over, that were not joined yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether every task was joined.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many keys there is room for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.index.capacity().min(self.numbers.capacity())
    }

    /// What hashes the keys.
    #[must_use]
    pub fn hasher(&self) -> &S {
        self.index.hasher()
    }

    /// Makes room for `additional` keys more.
    pub fn reserve(&mut self, additional: usize) {
        self.index.reserve(additional);
        self.numbers.reserve(additional);
    }

    /// Frees memory that is not used.
    pub fn shrink_to_fit(&mut self) {
        self.index.shrink_to_fit();
        self.numbers.shrink_to_fit();
    }

    /// The keys, in no particular order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.index.iter().map(|(key, _)| key)
    }

    /// Whether the task of that id is in the map.
    #[must_use]
    pub fn contains_task(&self, id: &Id) -> bool {
        self.numbers.contains_key(id)
    }

    /// Waits for the next task to end, and gives its key and output; `None` if the map is empty.
    ///
    /// # Errors
    ///
    /// `Some((_, Err(_)))` if the task panicked or was aborted.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no task out of the map.
    pub async fn join_next(&mut self) -> Option<(K, Result<V, JoinError>)> {
        poll_fn(|cx| self.poll_join_next(cx)).await
    }

    /// Polls for the next task to end: `Ready(None)` if the map is empty.
    ///
    /// # Errors
    ///
    /// With the key comes `Err(_)` if the task panicked or was aborted.
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(K, Result<V, JoinError>)>> {
        while !self.is_empty() {
            let Some(ended) = ready!(self.tasks.poll_join_next_with_id(cx)) else { break };
            if let Some(joined) = self.take(ended) {
                return Poll::Ready(Some(joined));
            }
        }
        Poll::Ready(None)
    }

    /// The key and output of a task that has ended; `None` if there is none at this moment.
    ///
    /// # Errors
    ///
    /// With the key comes `Err(_)` if the task panicked or was aborted.
    pub fn try_join_next(&mut self) -> Option<(K, Result<V, JoinError>)> {
        loop {
            let ended = self.tasks.try_join_next_with_id()?;
            if let Some(joined) = self.take(ended) {
                return Some(joined);
            }
        }
    }

    /// The key of a task that has ended; `None` if it was replaced.
    fn take(&mut self, ended: Result<(Id, V), JoinError>) -> Option<(K, Result<V, JoinError>)> {
        let id = match &ended {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let (key, _) = self.index.remove(self.numbers.remove(&id)?)?;
        Some((key, ended.map(|(_, output)| output)))
    }

    /// Asks all tasks to stop. They stay in the map, to be joined.
    pub fn abort_all(&mut self) {
        self.tasks.abort_all();
    }

    /// Asks the tasks to stop for whose key `is_unwanted` answers true. They stay in the map, to be joined.
    pub fn abort_matching(&mut self, mut is_unwanted: impl FnMut(&K) -> bool) {
        self.index.iter().filter(|(key, _)| is_unwanted(key)).for_each(|(_, task)| task.abort());
    }

    /// Asks all tasks to stop, and waits until their futures have been dropped; the map is empty then.
    ///
    /// # Cancel safety
    ///
    /// All tasks are asked to stop at the first poll. Those that had not ended when the future was dropped are still in
    /// the map.
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while let Some(ended) = self.tasks.join_next_with_id().await {
            drop(self.take(ended));
        }
    }

    /// Takes all tasks out of the map and lets them go on; their outputs are dropped.
    pub fn detach_all(&mut self) {
        self.index.clear();
        self.numbers.clear();
        self.tasks.detach_all();
    }
}

impl<K: Hash + Eq, V, S: BuildHasher> JoinMap<K, V, S> {
    fn insert(&mut self, key: K, task: AbortHandle) {
        if let Some(number) = self.index.find(&key)
            && let Some((_, replaced)) = self.index.remove(number)
        {
            self.numbers.remove(&replaced.id());
            replaced.abort();
        }
        let id = task.id();
        let number = self.index.insert(key, task);
        self.numbers.insert(id, number);
    }

    /// Whether there is a task under `key`.
    #[must_use]
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.index.find(key).is_some()
    }

    /// Asks the task under `key` to stop; false if there is none. It stays in the map, to be joined.
    pub fn abort<Q>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.index.get(key).inspect(|task| task.abort()).is_some()
    }
}

impl<K: Hash + Eq, V: 'static, S: BuildHasher> JoinMap<K, V, S> {
    /// Starts a task under `key`; see [`task::spawn`](super::spawn).
    ///
    /// # Panics
    ///
    /// If this thread is in no runtime.
    #[track_caller]
    pub fn spawn<F>(&mut self, key: K, future: F)
    where
        F: Future<Output = V> + Send + 'static,
        V: Send,
    {
        let task = self.tasks.spawn(future);
        self.insert(key, task);
    }

    /// As [`spawn`](Self::spawn), on a given runtime.
    #[track_caller]
    pub fn spawn_on<F>(&mut self, key: K, future: F, handle: &Handle)
    where
        F: Future<Output = V> + Send + 'static,
        V: Send,
    {
        let task = self.tasks.spawn_on(future, handle);
        self.insert(key, task);
    }

    /// Starts a task under `key` that stays on this thread; see [`task::spawn_local`](super::spawn_local).
    ///
    /// # Panics
    ///
    /// As [`task::spawn_local`](super::spawn_local).
    #[track_caller]
    pub fn spawn_local<F>(&mut self, key: K, future: F)
    where
        F: Future<Output = V> + 'static,
    {
        let task = self.tasks.spawn_local(future);
        self.insert(key, task);
    }

    /// As [`spawn_local`](Self::spawn_local), on a given set.
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, key: K, future: F, local_set: &LocalSet)
    where
        F: Future<Output = V> + 'static,
    {
        let task = self.tasks.spawn_local_on(future, local_set);
        self.insert(key, task);
    }

    /// Starts a blocking job under `key`; see [`task::spawn_blocking`](super::spawn_blocking).
    ///
    /// # Panics
    ///
    /// If this thread is in no runtime, or no thread can be started.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, key: K, job: F)
    where
        F: FnOnce() -> V + Send + 'static,
        V: Send,
    {
        let task = self.tasks.spawn_blocking(job);
        self.insert(key, task);
    }

    /// As [`spawn_blocking`](Self::spawn_blocking), on a given runtime.
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, key: K, job: F, handle: &Handle)
    where
        F: FnOnce() -> V + Send + 'static,
        V: Send,
    {
        let task = self.tasks.spawn_blocking_on(job, handle);
        self.insert(key, task);
    }
}

/// The keys and outputs in the order in which the tasks end; ends while the map is empty.
#[cfg(feature = "stream")]
impl<K, V, S> futures_core::Stream for JoinMap<K, V, S> {
    type Item = (K, Result<V, JoinError>);

    fn poll_next(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_join_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

impl<K, V, S> Unpin for JoinMap<K, V, S> {}

impl<K, V, S: Default> Default for JoinMap<K, V, S> {
    fn default() -> Self {
        Self::with_hasher(S::default())
    }
}

impl<K: fmt::Debug, V, S> fmt::Debug for JoinMap<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys()).finish()
    }
}
