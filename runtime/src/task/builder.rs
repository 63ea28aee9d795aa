//! Tasks with a name.

use std::future::Future;
use std::io;
use std::panic::Location;

use super::{JoinHandle, LocalSet, Origin, local_set};
use crate::runtime::Handle;
use crate::{blocking, scheduler};

/// Spawns tasks that have a name.
///
/// The name is seen wherever the runtime speaks of the task: in [dumps](crate::runtime::Handle::dump), in hooks and in
/// reports of blocked workers. It costs one allocation more per task.
///
/// The methods return a `Result` for the sake of code that comes from tokio: spawning a task never fails.
///
/// ```
/// # let rt = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
/// # rt.block_on(async {
/// use minato_runtime::task;
/// let pilot = task::Builder::new().name("pilot").spawn(async { 42 }).unwrap();
/// assert_eq!(pilot.await.unwrap(), 42);
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "a builder spawns nothing by itself"]
pub struct Builder<'a> {
    name: Option<&'a str>,
}

impl<'a> Builder<'a> {
    /// A builder of tasks without a name.
    pub const fn new() -> Self {
        Self { name: None }
    }

    /// Names the task; names need not be unique.
    pub const fn name(self, name: &'a str) -> Self {
        Self { name: Some(name) }
    }

    #[track_caller]
    fn origin(self) -> Origin {
        Origin::new(Location::caller(), self.name)
    }

    /// Starts a task on the runtime that this thread is in; see [`spawn`](super::spawn()).
    ///
    /// # Errors
    ///
    /// Never.
    ///
    /// # Panics
    ///
    /// If this thread is in no runtime.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Ok(scheduler::spawn(future, self.origin()))
    }

    /// Starts a task on the runtime of `handle`; see [`Handle::spawn`].
    ///
    /// # Errors
    ///
    /// Never.
    #[track_caller]
    pub fn spawn_on<F>(self, future: F, handle: &Handle) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Ok(scheduler::spawn_on(handle.shared(), future, self.origin()))
    }

    /// Starts a task that stays on this thread; see [`spawn_local`](super::spawn_local).
    ///
    /// # Errors
    ///
    /// Never.
    ///
    /// # Panics
    ///
    /// If this thread is in no [`LocalSet`] and in no local runtime.
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        Ok(local_set::spawn_from(future, self.origin()))
    }

    /// Starts a task of `local_set`; see [`LocalSet::spawn_local`].
    ///
    /// # Errors
    ///
    /// Never.
    #[track_caller]
    pub fn spawn_local_on<F>(self, future: F, local_set: &LocalSet) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        Ok(local_set.spawn_from(future, self.origin()))
    }

    /// Runs `job` on a thread where blocking is allowed; see [`spawn_blocking`](super::spawn_blocking).
    ///
    /// # Errors
    ///
    /// Never.
    ///
    /// # Panics
    ///
    /// If this thread is in no runtime, or no thread runs jobs yet and none can be started.
    #[track_caller]
    pub fn spawn_blocking<F, R>(self, job: F) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let Some(runtime) = scheduler::current() else { scheduler::no_runtime("spawn_blocking") };
        Ok(blocking::spawn(&runtime, job, self.origin()))
    }

    /// Runs `job` on a thread of the runtime of `handle` where blocking is allowed.
    ///
    /// # Errors
    ///
    /// Never.
    ///
    /// # Panics
    ///
    /// If no thread runs jobs yet and none can be started.
    #[track_caller]
    pub fn spawn_blocking_on<F, R>(self, job: F, handle: &Handle) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        Ok(blocking::spawn(handle.shared(), job, self.origin()))
    }
}
