//! Going through the registries of the workers while they run.

use super::{Dump, DumpedTask, DumpedWorker, TaskState, WorkerState};
use crate::limits::DUMP_TASKS_MAX;
use crate::metrics::RuntimeMetrics;
use crate::scheduler::{Registry, Remote, SharedRef};
use crate::task::{Stamp, TaskRef};
use crate::time::Nanos;

/// Slots of a registry that are copied while it is taken from its worker.
const COPIED_SLOTS: usize = 256;
/// How often a registry is asked for whose worker is inside: that takes it some nanoseconds, unless the kernel has taken it
/// off the processor.
const ATTEMPTS: usize = 1000;

/// Takes a dump.
pub(crate) fn collect(shared: &SharedRef) -> Dump {
    let now = Nanos::real().0;
    let mut tasks = Vec::new();
    let mut workers = Vec::new();
    for (index, remote) in shared.remotes().iter().enumerate() {
        let is_listed = walk(
            |look| remote.try_registry(look),
            COPIED_SLOTS,
            |task, entered| {
                // One that is over may still stand there, on its way home from another worker.
                if tasks.len() < DUMP_TASKS_MAX && !task.header().state.load().is_complete() {
                    tasks.push(DumpedTask::of(task, Some(index), entered, now));
                }
            },
        );
        workers.push(worker(index, remote, is_listed));
    }
    // Looked at afterwards, so that a poll that began in between is not missed.
    for (index, remote) in shared.remotes().iter().enumerate() {
        if let Some(running) = remote.counters.running()
            && let Some(task) = tasks.iter_mut().find(|task| task.id == running)
        {
            task.state = TaskState::Running { worker: Some(index) };
        }
    }
    let alive = RuntimeMetrics::new(shared.clone()).num_alive_tasks();
    let mut omitted = alive.saturating_sub(tasks.len());
    shared.local_sets.each(|set| {
        walk(
            |look| set.try_registry(look),
            COPIED_SLOTS,
            |task, entered| {
                if task.header().state.load().is_complete() {
                } else if tasks.len() < DUMP_TASKS_MAX {
                    tasks.push(DumpedTask::of(task, None, entered, now));
                } else {
                    omitted += 1;
                }
            },
        );
    });
    Dump { workers, omitted, tasks }
}

/// Shows all tasks of a registry, some at a time. False if it could not be had.
pub(super) fn walk(
    mut try_registry: impl FnMut(&mut dyn FnMut(&Registry) -> bool) -> Option<bool>,
    slots: usize,
    mut show: impl FnMut(TaskRef, Stamp),
) -> bool {
    let mut first = 0;
    loop {
        let more = (0..ATTEMPTS).find_map(|attempt| {
            if attempt != 0 {
                std::thread::yield_now();
            }
            try_registry(&mut |registry| registry.walk(first, slots, &mut show))
        });
        match more {
            Some(true) => first += slots,
            Some(false) => return true,
            None => return false,
        }
    }
}

fn worker(index: usize, remote: &Remote, is_listed: bool) -> DumpedWorker {
    let state = match remote.counters.running() {
        _ if !remote.is_running() => WorkerState::Resting,
        Some(task) => WorkerState::Polling(task),
        None if remote.is_asleep() => WorkerState::Asleep,
        None => WorkerState::Awake,
    };
    DumpedWorker {
        index,
        state,
        thread: remote.thread(),
        queued: remote.queue_len(),
        polls: remote.counters.polls.get(),
        is_listed,
    }
}
