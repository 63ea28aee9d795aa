//! Runtimes: building, entering and ending them.
//!
//! - `builder`, `config`, `hooks`: what a runtime is like, and what it calls of its user's
//! - `handle`: reaching it from elsewhere
//! - `local`: one that stays on its thread
//! - `placement`: which processors the workers run on
//! - `shutdown`: ending it in stages
//! - `simulation`: one that repeats itself
//!
//! What a runtime tells of itself is in the crate's `metrics` and `dump`.

mod builder;
mod config;
mod handle;
mod hooks;
mod local;
#[cfg(target_os = "linux")]
mod placement;
#[cfg(not(target_os = "linux"))]
#[path = "no_placement.rs"]
mod placement;
mod shutdown;
mod simulation;

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::time::{Duration, Instant};

pub use crate::dump::{Dump, DumpedTask, DumpedWorker, TaskState, WorkerState};
pub use crate::metrics::{RuntimeMetrics, SpawnSite};
pub use builder::Builder;
pub use config::UnhandledPanic;
pub(crate) use config::{Config, Flavor};
pub use handle::{EnterGuard, Handle, Id, RuntimeFlavor, TryCurrentError};
pub use hooks::{BlockedPoll, TaskMeta};
pub(crate) use hooks::{Hooks, call, call_for};
pub use local::{LocalOptions, LocalRuntime};
pub(crate) use placement::{Pinned, Placement};
pub use shutdown::{ShutdownPlan, ShutdownReport, UnfinishedJob};
#[doc(hidden)]
pub use simulation::SeededTest;
pub(crate) use simulation::TraceEvent;
pub use simulation::{OutsideInput, Trace, check_determinism, random, random_below};

use crate::scheduler::{self, SharedRef};
use crate::sync::oneshot;
use crate::task::JoinHandle;

/// The number of the worker that this thread runs; nothing on threads that run none.
#[must_use]
pub fn worker_index() -> Option<usize> {
    scheduler::with_core(|core| core.map(|core| core.index() as usize))
}

/// Runs tasks, timers and I/O.
///
/// Dropping it stops all tasks at their next await point, drops them, and waits for the blocking jobs that have
/// begun. Dropped by one of its own tasks it does not wait: the last thread to leave drops what is left.
///
/// ```
/// let runtime = minato_runtime::runtime::Runtime::new().unwrap();
/// let length = runtime.block_on(async {
///     let task = minato_runtime::spawn(async { "harbour".len() });
///     task.await.unwrap()
/// });
/// assert_eq!(length, 7);
/// ```
pub struct Runtime {
    handle: Handle,
    patience: Patience,
}

impl Runtime {
    /// A multi-thread runtime with the default settings.
    ///
    /// # Errors
    ///
    /// If the kernel gives no descriptors for the driver.
    #[cfg(feature = "rt-multi-thread")]
    pub fn new() -> std::io::Result<Self> {
        Builder::new_multi_thread().build()
    }

    fn from_shared(shared: SharedRef) -> Self {
        Self { handle: Handle::new(shared), patience: Patience::Endless }
    }

    /// What the runtime has counted of itself.
    #[must_use]
    pub fn metrics(&self) -> RuntimeMetrics {
        self.handle.metrics()
    }

    /// A handle, for use elsewhere. It does not keep the runtime from ending.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Runs `future` to its end on this thread, and tasks besides.
    ///
    /// In a current-thread runtime tasks run only while some thread is in here.
    ///
    /// # Panics
    ///
    /// If this thread is inside a runtime already, or if `future` panics.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.handle.block_on(future)
    }

    /// Starts a task; see [`task::spawn`](crate::task::spawn).
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        scheduler::spawn_on(self.handle.shared(), future, Location::caller().into())
    }

    /// Runs a blocking job; see [`task::spawn_blocking`](crate::task::spawn_blocking).
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, job: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.handle.spawn_blocking(job)
    }

    /// Enters the runtime: until the guard is dropped, `spawn`, timers and sockets on this thread are its.
    #[must_use = "the runtime is entered until the guard is dropped"]
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// Ends the runtime in stages, each with a limit, and tells what was still running and where it was spawned.
    ///
    /// Blocks this thread; the tasks of a current-thread runtime go on meanwhile, on another one.
    ///
    /// # Panics
    ///
    /// If this thread runs tasks.
    #[track_caller]
    pub fn shutdown(mut self, plan: ShutdownPlan) -> ShutdownReport {
        assert!(
            scheduler::with_core(|core| core.is_none()),
            "Runtime::shutdown called from inside a runtime: the thread that would wait has tasks to run. Await \
             `Runtime::shutdown_async` instead, or move the call into `spawn_blocking`"
        );
        let report = shutdown::shut_down(&self.handle, plan);
        self.patience = Patience::Begun;
        report
    }

    /// As [`shutdown`](Self::shutdown), for code that runs in another runtime: a thread of its own does the waiting.
    ///
    /// The shutdown begins at once and goes on even if the future is dropped. A task of this very runtime that awaits it is
    /// aborted with the others.
    ///
    /// # Panics
    ///
    /// If no thread can be started.
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses the report.
    pub fn shutdown_async(self, plan: ShutdownPlan) -> impl Future<Output = ShutdownReport> + Send + 'static {
        let (tell, told) = oneshot::channel();
        let name = self.handle.shared().config.thread_name.given("shutdown");
        let thread =
            std::thread::Builder::new().name(name).spawn(move || drop(tell.send(self.shutdown(plan))));
        if let Err(error) = thread {
            panic!("no thread can be started for the shutdown: {error}");
        }
        async move { told.await.expect("the thread tells before it ends") }
    }

    /// Ends the runtime, and waits at most `limit` for its tasks and blocking jobs.
    pub fn shutdown_timeout(mut self, limit: Duration) {
        self.patience = Patience::Until(Instant::now() + limit);
    }

    /// Ends the runtime, and waits for nothing.
    pub fn shutdown_background(mut self) {
        self.patience = Patience::None;
    }
}

/// How long the drop of a runtime waits.
#[derive(Clone, Copy, Debug)]
enum Patience {
    Endless,
    Until(Instant),
    None,
    /// Another thread ends the runtime: this one must not come before it and run the destructors of tasks.
    Begun,
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Patience::Begun = self.patience {
            return;
        }
        let shared = self.handle.shared();
        shared.shut_down();
        let deadline = match self.patience {
            Patience::Endless => None,
            Patience::Until(deadline) => Some(deadline),
            Patience::None | Patience::Begun => return,
        };
        // A worker that waited for all workers would wait for itself.
        if scheduler::with_core(|core| core.is_none()) {
            shared.wait_for_cores(deadline);
            shared.blocking.wait(deadline);
        }
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("handle", &self.handle).finish_non_exhaustive()
    }
}
