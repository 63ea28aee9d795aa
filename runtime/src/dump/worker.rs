//! One worker.

use std::thread::ThreadId;

use crate::task::Id;

/// What a worker was doing when a [`Dump`](super::Dump) was taken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DumpedWorker {
    /// Its number.
    pub index: usize,
    /// What it does.
    pub state: WorkerState,
    /// The thread that runs it.
    pub thread: Option<ThreadId>,
    /// Tasks in its queue.
    pub queued: usize,
    /// Polls so far.
    pub polls: u64,
    /// Whether its tasks are in the dump. They are not if it was taken off the processor, by the kernel, while it entered
    /// a task, and did not come back for a while; or where the kernel has no `membarrier`.
    pub is_listed: bool,
}

/// What a worker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkerState {
    /// No thread runs it.
    Resting,
    /// Its thread sleeps until something happens.
    Asleep,
    /// It polls a task.
    Polling(Id),
    /// It looks for work, or polls the future of `block_on`.
    Awake,
}
