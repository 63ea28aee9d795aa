//! A runtime, from outside and from elsewhere.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::num::NonZeroU64;
use std::panic::Location;

use crate::blocking;
use crate::dump::{self, Dump};
use crate::metrics::RuntimeMetrics;
use crate::scheduler::{self, Entered, SharedRef};
use crate::sync::CancellationToken;
use crate::task::{JoinHandle, TaskTracker};

/// Reaches a runtime from anywhere. Cheap to clone; does not keep the runtime from ending.
#[derive(Clone)]
pub struct Handle {
    shared: SharedRef,
}

/// Names a runtime among all that this process has ever had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(NonZeroU64);

impl Id {
    /// That of the runtime that this thread is in; nothing outside of all. It costs less than a [`Handle`].
    #[must_use]
    pub fn current() -> Option<Self> {
        scheduler::current_id().map(Self)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What kind of runtime it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuntimeFlavor {
    /// Runs on the threads in `block_on`; a [`LocalRuntime`](super::LocalRuntime) is of this flavor too.
    CurrentThread,
    /// Has workers that share the work.
    MultiThread,
}

impl Handle {
    pub(crate) fn new(shared: SharedRef) -> Self {
        Self { shared }
    }

    pub(crate) fn shared(&self) -> &SharedRef {
        &self.shared
    }

    /// The runtime that this thread is in.
    ///
    /// # Panics
    ///
    /// If it is in none.
    #[must_use]
    #[track_caller]
    pub fn current() -> Self {
        match scheduler::current_handle() {
            Some(handle) => handle,
            None => scheduler::no_runtime("Handle::current"),
        }
    }

    /// The runtime that this thread is in.
    ///
    /// # Errors
    ///
    /// If it is in none.
    pub fn try_current() -> Result<Self, TryCurrentError> {
        scheduler::current_handle().ok_or(TryCurrentError(()))
    }

    /// Starts a task; see [`task::spawn`](crate::task::spawn).
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        scheduler::spawn_on(&self.shared, future, Location::caller().into())
    }

    /// Runs a blocking job; see [`task::spawn_blocking`](crate::task::spawn_blocking).
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, job: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        blocking::spawn(&self.shared, job, Location::caller().into())
    }

    /// Runs `future` to its end on this thread; see [`Runtime::block_on`](super::Runtime::block_on).
    ///
    /// # Panics
    ///
    /// If this thread runs a worker already, or if `future` panics.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        scheduler::block_on(&self.shared, future)
    }

    /// Enters the runtime: until the guard is dropped, `spawn`, timers and sockets on this thread are its.
    #[must_use = "the runtime is entered until the guard is dropped"]
    pub fn enter(&self) -> EnterGuard<'_> {
        EnterGuard { entered: scheduler::enter(self.shared.clone()), handle: PhantomData }
    }

    /// What kind of runtime it is.
    #[must_use]
    pub fn runtime_flavor(&self) -> RuntimeFlavor {
        if self.shared.is_current_thread() {
            RuntimeFlavor::CurrentThread
        } else {
            RuntimeFlavor::MultiThread
        }
    }

    /// What the runtime has counted of itself.
    #[must_use]
    pub fn metrics(&self) -> RuntimeMetrics {
        RuntimeMetrics::new(self.shared.clone())
    }

    /// What all workers and living tasks do and wait for, at most 10,000 tasks.
    ///
    /// It may be called anywhere and at any time, also while workers are held up: they are not asked. Unlike tokio's
    /// it is no future, and shows no traces inside of tasks but what each waits for.
    ///
    /// ```
    /// use minato_runtime::runtime::{Builder, TaskState};
    /// use minato_runtime::sync::oneshot;
    /// use minato_runtime::task;
    ///
    /// let runtime = Builder::new_current_thread().build().unwrap();
    /// let dump = runtime.block_on(async {
    ///     let (_keep, answer) = oneshot::channel::<()>();
    ///     let waiting = task::Builder::new().name("patient").spawn(answer).unwrap();
    ///     task::yield_now().await;
    ///     let dump = runtime.handle().dump();
    ///     waiting.abort();
    ///     dump
    /// });
    /// assert_eq!(dump.tasks[0].name.as_deref(), Some("patient"));
    /// assert_eq!(dump.tasks[0].state, TaskState::Idle);
    /// println!("{dump}");
    /// ```
    #[must_use]
    pub fn dump(&self) -> Dump {
        dump::collect(&self.shared)
    }

    /// Is cancelled when the runtime is [shut down](super::Runtime::shutdown); for tasks that have to end in order.
    ///
    /// Dropping the runtime does not cancel it: its tasks are dropped at once then.
    #[must_use]
    pub fn shutdown_token(&self) -> CancellationToken {
        self.shared.shutdown_token.get_or_init(CancellationToken::new).clone()
    }

    /// What this tracks is waited for when the runtime is [shut down](super::Runtime::shutdown).
    #[must_use]
    pub fn tracker(&self) -> TaskTracker {
        self.shared.tracker.get_or_init(TaskTracker::new).clone()
    }

    /// The name that the builder gave it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.shared.config.name.as_deref()
    }

    /// What tells this runtime from all others of the process, past and present.
    #[must_use]
    pub fn id(&self) -> Id {
        Id(self.shared.id)
    }

    /// What happened so far, if the runtime is [simulated](super::Builder::new_simulated).
    #[must_use]
    pub fn trace(&self) -> Option<super::Trace> {
        self.shared.simulation.as_ref().map(|simulation| simulation.trace())
    }

    /// How many workers it has.
    #[must_use]
    pub fn worker_count(&self) -> usize {
        self.shared.worker_count()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("flavor", &self.runtime_flavor())
            .field("workers", &self.worker_count())
            .finish_non_exhaustive()
    }
}

/// Keeps a runtime entered; made by [`Handle::enter`].
#[must_use = "the runtime is entered until the guard is dropped"]
#[derive(Debug)]
pub struct EnterGuard<'a> {
    #[expect(dead_code, reason = "held for its drop")]
    entered: Entered,
    handle: PhantomData<&'a Handle>,
}

/// There is no runtime on this thread.
#[derive(Debug)]
pub struct TryCurrentError(());

impl fmt::Display for TryCurrentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this thread is in no Minato runtime")
    }
}

impl std::error::Error for TryCurrentError {}
