//! One task.

use std::panic::Location;
use std::time::Duration;

use crate::task::{Id, Stamp, TaskRef, WaitSite};

/// What a task was doing when a [`Dump`](super::Dump) was taken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DumpedTask {
    /// Its id.
    pub id: Id,
    /// Its name, if it was given one with [`task::Builder`](crate::task::Builder).
    pub name: Option<String>,
    /// The call that spawned it.
    pub spawned_at: &'static Location<'static>,
    /// The worker that keeps it in its registry: the first to take it, wherever it runs later. None for a task of a
    /// [`LocalSet`](crate::task::LocalSet), which runs inside the task that polls the set.
    pub home_worker: Option<usize>,
    /// What it does.
    pub state: TaskState,
    /// What its last poll was left to wait for; nothing if that is no future of this crate. A task that waits for several
    /// things shows the one it polled last.
    pub waits_for: Option<WaitSite>,
    /// Polls so far; one that goes on counts.
    pub polls: u64,
    /// Since when a worker has it, to about two milliseconds.
    pub age: Duration,
    /// How long ago it was woken, or spawned, last; to about two milliseconds, or to the beginning of the poll that woke it.
    pub since_wake: Duration,
}

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskState {
    /// It is being polled.
    #[non_exhaustive]
    Running {
        /// The worker that polls it, if it could be seen.
        worker: Option<usize>,
    },
    /// It was woken and waits for its turn.
    Queued,
    /// It waits to be woken.
    Idle,
}

impl DumpedTask {
    /// Copies what is to be said of a task that is alive.
    pub(super) fn of(task: TaskRef, home_worker: Option<usize>, entered: Stamp, now: u64) -> Self {
        let header = task.header();
        let state = header.state.load();
        Self {
            id: header.id,
            name: header.origin.name().map(str::to_owned),
            spawned_at: header.origin.spawned_at(),
            home_worker,
            state: if state.is_running() {
                TaskState::Running { worker: None }
            } else if state.is_idle() {
                TaskState::Idle
            } else {
                TaskState::Queued
            },
            waits_for: header.record.wait(),
            polls: header.record.polls(),
            age: Duration::from_nanos(entered.since(now)),
            since_wake: Duration::from_nanos(header.record.stamp().since(now)),
        }
    }
}
