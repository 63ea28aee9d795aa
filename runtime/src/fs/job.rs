//! File operations on the threads for blocking jobs.

use std::io;
use std::panic::Location;

use crate::blocking;
use crate::scheduler;
use crate::task::JoinHandle;

/// Runs one whole operation as a job.
#[track_caller]
pub(super) fn run<R, F>(operation: F) -> impl Future<Output = io::Result<R>>
where
    F: FnOnce() -> io::Result<R> + Send + 'static,
    R: Send + 'static,
{
    let caller = Location::caller();
    async move {
        let Some(runtime) = scheduler::current() else { scheduler::no_runtime("fs") };
        finished(blocking::try_spawn(&runtime, operation, caller.into())?).await
    }
}

async fn finished<R>(handle: JoinHandle<io::Result<R>>) -> io::Result<R> {
    match handle.await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(payload) => std::panic::resume_unwind(payload),
            Err(_) => Err(gone()),
        },
    }
}

/// Runs a job that the end of the runtime waits for, and does not wait for it.
#[track_caller]
pub(super) fn detach(operation: impl FnOnce() + Send + 'static) {
    let caller = Location::caller();
    let Some(runtime) = scheduler::current() else { scheduler::no_runtime("fs") };
    // If no thread can be started, what the operation holds is dropped, and says so to whoever waits for it.
    let _: io::Result<JoinHandle<()>> = blocking::spawn_mandatory(&runtime, operation, caller.into());
}

/// The operation was dropped before it began.
pub(super) fn gone() -> io::Error {
    io::Error::other("the file operation did not begin: the runtime has shut down, or has no thread for it")
}
