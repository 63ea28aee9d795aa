//! No more than so many tasks of a set at once.

use std::future::Future;

use super::{AbortHandle, JoinError, JoinSet};

impl<T: Send + 'static> JoinSet<T> {
    /// Starts a task as soon as there are fewer than `limit` in the set: waits for one to end if need be, and gives
    /// its output.
    ///
    /// Tasks that have ended count until they are joined, so neither tasks nor outputs pile up beyond `limit`.
    ///
    /// # Errors
    ///
    /// `Some(Err(_))` if the task that made room panicked or was aborted.
    ///
    /// # Panics
    ///
    /// If `limit` is 0, or this thread is in no runtime.
    ///
    /// # Cancel safety
    ///
    /// A future dropped while it waits has taken no task out of the set, and drops the one it was to start.
    ///
    /// # Examples
    ///
    /// ```
    /// use minato_runtime::task::JoinSet;
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut set = JoinSet::new();
    /// let mut sum = 0;
    /// for n in 1..=100 {
    ///     if let Some(ended) = set.spawn_limited(8, async move { n }).await {
    ///         sum += ended.unwrap();
    ///     }
    /// }
    /// assert_eq!(set.len(), 8);
    /// sum += set.join_all().await.into_iter().sum::<u32>();
    /// assert_eq!(sum, 5050);
    /// # });
    /// ```
    pub async fn spawn_limited<F>(&mut self, limit: usize, future: F) -> Option<Result<T, JoinError>>
    where
        F: Future<Output = T> + Send + 'static,
    {
        assert!(limit > 0, "with no task at once nothing would ever run");
        let ended = if self.len() < limit { None } else { self.join_next().await };
        self.spawn(future);
        ended
    }

    /// Starts a task if there are fewer than `limit` in the set.
    ///
    /// # Errors
    ///
    /// The future comes back if there are not.
    ///
    /// # Panics
    ///
    /// If this thread is in no runtime.
    #[track_caller]
    pub fn try_spawn_limited<F>(&mut self, limit: usize, future: F) -> Result<AbortHandle, F>
    where
        F: Future<Output = T> + Send + 'static,
    {
        if self.len() < limit { Ok(self.spawn(future)) } else { Err(future) }
    }
}
