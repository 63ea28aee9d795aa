//! Tasks that need not be `Send`, inside a runtime of any flavor.
//!
//! - this file: what users call
//! - `queue`: the tasks of a set, and how they come back to it from other threads
//! - `known`: the sets that a runtime knows of, for its dumps
//!
//! A set is polled by whoever waits for it, in [`LocalSet::run_until`] or by awaiting the set, and runs its tasks inside
//! that poll. So its tasks share the turn of one task of the runtime; timers and sockets are those of the runtime.

mod known;
mod queue;

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

pub(crate) use known::LocalSets;
use pin_project_lite::pin_project;
use queue::{Current, Set};

use super::{JoinHandle, Origin};
use crate::runtime::Runtime;
use crate::scheduler;

/// A set of tasks that stay on this thread, and so need not be `Send`.
///
/// Its tasks run while the set is polled: in [`run_until`](Self::run_until), in [`block_on`](Self::block_on), or while the
/// set itself is awaited, which ends when all its tasks have. Dropping the set drops its tasks. Where a whole runtime may
/// stay on one thread, [`LocalRuntime`](crate::runtime::LocalRuntime) is simpler and faster.
///
/// ```
/// use std::rc::Rc;
/// use minato_runtime::task::{LocalSet, spawn_local};
///
/// # let runtime = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
/// let local = LocalSet::new();
/// let length = local.block_on(&runtime, async {
///     let name = Rc::new("minato");
///     spawn_local(async move { name.len() }).await.unwrap()
/// });
/// assert_eq!(length, 6);
/// ```
pub struct LocalSet {
    set: Arc<Set>,
    confined: PhantomData<*const ()>,
}

impl LocalSet {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self { set: Arc::default(), confined: PhantomData }
    }

    /// Starts a task of this set; it runs when the set is next polled.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.spawn_from(future, Location::caller().into())
    }

    /// As [`spawn_local`](Self::spawn_local), with a given origin.
    pub(super) fn spawn_from<F>(&self, future: F, origin: Origin) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.set.spawn(future, origin)
    }

    /// Runs `future` on `runtime` to its end, and the tasks of the set besides.
    ///
    /// # Panics
    ///
    /// If this thread is inside a runtime already, or if `future` panics.
    #[track_caller]
    pub fn block_on<F: Future>(&self, runtime: &Runtime, future: F) -> F::Output {
        runtime.block_on(self.run_until(future))
    }

    /// Runs the tasks of the set until `future` ends; the other tasks wait until the set is polled again.
    ///
    /// Inside, [`spawn_local`] starts tasks of this set.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops `future`; the tasks stay in the set.
    pub async fn run_until<F: Future>(&self, future: F) -> F::Output {
        RunUntil { set: &self.set, future }.await
    }

    /// Makes [`spawn_local`] start tasks of this set, until the guard is dropped.
    #[must_use = "the set is entered until the guard is dropped"]
    pub fn enter(&self) -> LocalEnterGuard {
        LocalEnterGuard { current: self.set.enter(false), confined: PhantomData }
    }
}

impl Default for LocalSet {
    fn default() -> Self {
        Self::new()
    }
}

/// Ready when all tasks of the set are over.
impl Future for LocalSet {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let _current = self.set.enter(true);
        self.set.poll_run(cx);
        if self.set.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for LocalSet {
    fn drop(&mut self) {
        let _current = self.set.enter(true);
        self.set.close();
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSet").field("is_empty", &self.set.is_empty()).finish_non_exhaustive()
    }
}

pin_project! {
    struct RunUntil<'a, F> {
        set: &'a Arc<Set>,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for RunUntil<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _current = this.set.enter(true);
        let polled = this.future.poll(cx);
        if polled.is_pending() {
            this.set.poll_run(cx);
        }
        polled
    }
}

/// Keeps a set entered; made by [`LocalSet::enter`].
#[must_use = "the set is entered until the guard is dropped"]
#[derive(Debug)]
pub struct LocalEnterGuard {
    #[expect(dead_code, reason = "held for its drop")]
    current: Current,
    confined: PhantomData<*const ()>,
}

/// Starts a task that need not be `Send`, and stays on this thread.
///
/// It belongs to the [`LocalSet`] that runs or was entered here last, or else to the
/// [`LocalRuntime`](crate::runtime::LocalRuntime) that this thread is in.
///
/// # Panics
///
/// If there is neither.
///
/// ```
/// use std::rc::Rc;
/// use minato_runtime::{runtime::LocalRuntime, task::spawn_local};
///
/// LocalRuntime::new().unwrap().block_on(async {
///     let berth = Rc::new(7);
///     assert_eq!(spawn_local(async move { *berth }).await.unwrap(), 7);
/// });
/// ```
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    spawn_from(future, Location::caller().into())
}

/// As [`spawn_local`], with a given origin.
#[track_caller]
pub(super) fn spawn_from<F>(future: F, origin: Origin) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    if let Some(set) = queue::current() {
        return set.spawn(future, origin);
    }
    match scheduler::try_spawn_local(future, origin) {
        Ok(handle) => handle,
        Err(_) => panic!(
            "spawn_local needs a place whose tasks stay on one thread, and this is none: call it inside \
             `LocalSet::run_until`, `LocalRuntime::block_on` or a task of either; elsewhere use \
             `LocalPoolHandle::spawn_pinned`"
        ),
    }
}
