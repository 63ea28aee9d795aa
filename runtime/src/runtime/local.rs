//! A runtime that stays on the thread that built it.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::time::Duration;

use super::{Builder, EnterGuard, Handle, Runtime, ShutdownPlan, ShutdownReport};
use crate::scheduler::{self, SharedRef};
use crate::task::JoinHandle;

/// A current-thread runtime whose tasks need not be `Send`.
///
/// It is neither `Send` nor `Sync`: built, run and dropped on one thread, which alone polls and drops its tasks. They
/// may hold `Rc`s and `RefCell`s, and may be woken from anywhere. Its [`Handle`] may go to other threads, which can
/// spawn futures that are `Send` and wait in [`Handle::block_on`], but do not run tasks there.
///
/// ```
/// use std::cell::Cell;
/// use std::rc::Rc;
/// use minato_runtime::runtime::LocalRuntime;
/// use minato_runtime::task::{spawn_local, yield_now};
///
/// let runtime = LocalRuntime::new().unwrap();
/// let ships = Rc::new(Cell::new(0));
/// let counted = ships.clone();
/// runtime.block_on(async move {
///     let task = spawn_local(async move {
///         yield_now().await;
///         counted.set(counted.get() + 1);
///     });
///     task.await.unwrap();
/// });
/// assert_eq!(ships.get(), 1);
/// ```
pub struct LocalRuntime {
    runtime: Runtime,
    confined: PhantomData<*const ()>,
}

/// Settings that only a [`LocalRuntime`] has; there are none yet.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct LocalOptions {}

impl LocalRuntime {
    /// A local runtime with the default settings.
    ///
    /// # Errors
    ///
    /// If the kernel gives no descriptors for the driver.
    pub fn new() -> std::io::Result<Self> {
        Builder::new_current_thread().build_local(LocalOptions::default())
    }

    pub(super) fn from_shared(shared: SharedRef) -> Self {
        Self { runtime: Runtime::from_shared(shared), confined: PhantomData }
    }

    /// A handle, for use elsewhere. It does not keep the runtime from ending.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        self.runtime.handle()
    }

    /// Runs `future` to its end, and tasks besides.
    ///
    /// # Panics
    ///
    /// If this thread is inside a runtime already, or if `future` panics.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Starts a task, which runs while this thread is in [`block_on`](Self::block_on); see
    /// [`task::spawn_local`](crate::task::spawn_local).
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        scheduler::spawn_local_on(self.handle().shared(), future, Location::caller().into())
    }

    /// Runs a blocking job on another thread; see [`task::spawn_blocking`](crate::task::spawn_blocking).
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, job: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.runtime.spawn_blocking(job)
    }

    /// Enters the runtime: until the guard is dropped, `spawn_local`, timers and sockets on this thread are its.
    #[must_use = "the runtime is entered until the guard is dropped"]
    pub fn enter(&self) -> EnterGuard<'_> {
        self.runtime.enter()
    }

    /// Ends the runtime in stages; see [`Runtime::shutdown`].
    ///
    /// The tasks go on on this thread, so one that never gives way holds the shutdown up.
    ///
    /// # Panics
    ///
    /// If this thread runs tasks.
    #[track_caller]
    pub fn shutdown(self, plan: ShutdownPlan) -> ShutdownReport {
        self.runtime.shutdown(plan)
    }

    /// Ends the runtime, and waits at most `limit` for its blocking jobs.
    pub fn shutdown_timeout(self, limit: Duration) {
        self.runtime.shutdown_timeout(limit);
    }

    /// Ends the runtime, and does not wait for its blocking jobs.
    pub fn shutdown_background(self) {
        self.runtime.shutdown_background();
    }
}

impl fmt::Debug for LocalRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalRuntime").field("handle", self.handle()).finish_non_exhaustive()
    }
}
