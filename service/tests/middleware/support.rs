//! What these tests have of the crate's own kit, and a runtime for them.

pub(crate) use minato_service::test::{Act, CountingWaker, Failed, Probe, Task, now, poll_ready};

/// Runs a test on a runtime whose clock moves only when everybody waits.
pub(crate) fn paused<F: Future>(test: F) -> F::Output {
    minato_runtime::runtime::Builder::new_current_thread().start_paused(true).build().unwrap().block_on(test)
}
