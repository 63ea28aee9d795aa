//! What everybody is doing and waiting for.
//!
//! - `task`, `worker`: one of them
//! - `find`: one task, for the monitor
//! - `collect`: going through the registries of the workers while they run
//! - `display`: a dump for humans
//!
//! A dump is taken by whoever asks for it, on its own thread: workers are not asked, so that it shows those that do
//! not answer any more. It takes the registry of a worker from it (`scheduler::biased`) for a few hundred tasks at a time,
//! which it copies; the worker waits for that if it has to enter or remove a task meanwhile, and for nothing else.

mod collect;
mod display;
#[cfg(feature = "rt-multi-thread")]
mod find;
mod task;
mod worker;

pub(crate) use collect::collect;
#[cfg(feature = "rt-multi-thread")]
pub(crate) use find::find;
pub use task::{DumpedTask, TaskState};
pub use worker::{DumpedWorker, WorkerState};

/// The workers and living tasks of a runtime at one moment; made by [`Handle::dump`](crate::runtime::Handle::dump).
///
/// Tasks go on while the dump is taken, so two of them may be shown at slightly different moments. Its `Display` is one line
/// per worker and task:
///
/// ```text
/// 2 workers, 3 tasks
/// worker 0: polling task 2, 0 queued, 17 polls
/// worker 1: resting, 0 queued, 0 polls
/// task 1 "acceptor" from src/main.rs:18:5: waits for readable, 4 polls, woken 1.2s ago, spawned 12.6s ago
/// task 2 from src/main.rs:25:9: runs on worker 0, 12 polls, woken 0.0ns ago, spawned 3.1s ago
/// task 3 from src/main.rs:25:9: queued, 1 poll, woken 0.0ns ago, spawned 2.1s ago
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Dump {
    /// All workers.
    pub workers: Vec<DumpedWorker>,
    /// The tasks, by worker and then by age of their place there.
    ///
    /// Behind them stand the tasks of each [`LocalSet`](crate::task::LocalSet) that was polled in this runtime, unless the set
    /// was using its list whenever it was asked. Blocking jobs are not among them.
    pub tasks: Vec<DumpedTask>,
    /// Living tasks that are not shown: those beyond the first 10,000, those that were spawned from outside and that no
    /// worker has taken yet, and those of workers whose registry could not be had.
    pub omitted: usize,
}
