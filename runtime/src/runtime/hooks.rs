//! What a runtime calls of its user's when something happens.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::thread::ThreadId;
use std::time::Duration;

use super::DumpedTask;
use crate::isolated::isolated;
use crate::scheduler::RunBatch;
use crate::task::{Header, Id};

pub(crate) type Hook = Arc<dyn Fn() + Send + Sync>;
pub(crate) type TaskHook = Arc<dyn Fn(&TaskMeta<'_>) + Send + Sync>;
pub(crate) type BlockedHook = Arc<dyn Fn(&BlockedPoll) + Send + Sync>;
pub(crate) type NameHook = Arc<dyn Fn() -> String + Send + Sync>;

/// All hooks of a runtime. A panic of one concerns nobody else.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) thread_start: Option<Hook>,
    pub(crate) thread_stop: Option<Hook>,
    pub(crate) thread_park: Option<Hook>,
    pub(crate) thread_unpark: Option<Hook>,
    pub(crate) task_spawn: Option<TaskHook>,
    pub(crate) before_poll: Option<TaskHook>,
    pub(crate) after_poll: Option<TaskHook>,
    /// How workers run tasks, if one of those two is there.
    pub(crate) run_batch: Option<RunBatch>,
    pub(crate) task_terminate: Option<TaskHook>,
    pub(crate) blocked: Option<BlockedHook>,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").finish_non_exhaustive()
    }
}

/// Calls a hook, if there is one.
#[inline]
pub(crate) fn call(hook: Option<&Hook>) {
    if let Some(hook) = hook {
        isolated(|| hook());
    }
}

/// Calls a hook about a task, if there is one.
#[inline]
pub(crate) fn call_for(hook: Option<&TaskHook>, task: &Header) {
    if let Some(hook) = hook {
        isolated(|| hook(&TaskMeta { header: task }));
    }
}

/// What a hook is told of the task it is called for.
#[derive(Clone, Copy)]
pub struct TaskMeta<'a> {
    header: &'a Header,
}

impl TaskMeta<'_> {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> Id {
        self.header.id
    }

    /// Its name, if it was given one with [`task::Builder`](crate::task::Builder).
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.header.origin.name()
    }

    /// The call that spawned it.
    #[must_use]
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.header.origin.spawned_at()
    }

    /// Polls so far; one that is about to begin does not count.
    #[must_use]
    pub fn polls(&self) -> u64 {
        self.header.record.polls()
    }
}

impl fmt::Debug for TaskMeta<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskMeta")
            .field("id", &self.id())
            .field("name", &self.name())
            .field("spawned_at", &format_args!("{}", self.spawned_at()))
            .field("polls", &self.polls())
            .finish_non_exhaustive()
    }
}

/// A poll that holds up its worker; told to the hook of `Builder::on_blocked` (feature `rt-multi-thread`).
///
/// Its `Display` is a line for a log.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BlockedPoll {
    /// The worker.
    pub worker: usize,
    /// The thread that runs it.
    pub thread: Option<ThreadId>,
    /// The task; nothing if it is the future of `block_on`, or a hook or waker that does not return.
    pub task: Option<DumpedTask>,
    /// How long the poll has been going on, at least.
    pub running_for: Duration,
}

impl fmt::Display for BlockedPoll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "worker {} is held up for {:.1?} by ", self.worker, self.running_for)?;
        match &self.task {
            None => f.write_str("the future of `block_on`"),
            Some(task) => {
                write!(f, "task {}", task.id)?;
                if let Some(name) = &task.name {
                    write!(f, " {name:?}")?;
                }
                write!(f, " from {}", task.spawned_at)
            }
        }
    }
}
