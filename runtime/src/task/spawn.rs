//! Starting tasks and blocking jobs.

use std::future::Future;
use std::panic::Location;

use super::JoinHandle;
use crate::{blocking, scheduler};

/// Starts a task on the runtime that this thread is in.
///
/// The task runs even if the handle is dropped. It is first polled after the caller gives way, on this worker unless
/// another one has nothing to do.
///
/// # Panics
///
/// If this thread is in no runtime.
///
/// ```
/// # let rt = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
/// # rt.block_on(async {
/// let answer = minato_runtime::spawn(async { 42 }).await;
/// assert_eq!(answer.unwrap(), 42);
/// # });
/// ```
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    scheduler::spawn(future, Location::caller().into())
}

/// Runs `job` on a thread where blocking is allowed.
///
/// For calls that wait without a future: files, `getaddrinfo`, foreign libraries, or long computations, if there are
/// few. A job that has begun cannot be aborted, and dropping the runtime waits for it.
///
/// # Panics
///
/// If this thread is in no runtime, or no thread runs jobs yet and none can be started.
///
/// ```
/// # let rt = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
/// # rt.block_on(async {
/// let sum = minato_runtime::task::spawn_blocking(|| (1..=10).sum::<u32>()).await;
/// assert_eq!(sum.unwrap(), 55);
/// # });
/// ```
#[track_caller]
pub fn spawn_blocking<F, R>(job: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let Some(runtime) = scheduler::current() else { scheduler::no_runtime("spawn_blocking") };
    blocking::spawn(&runtime, job, Location::caller().into())
}
