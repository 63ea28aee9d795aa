//! Ending a runtime in stages, each with a limit.
//!
//! - `plan`: the stages
//! - `report`: what they met
//! - this file: how they are done
//!
//! No stage may outlast its limit, whatever the tasks do. So the thread that shuts down only waits, with an eye on the
//! machine's clock; where somebody has to run tasks, or to drop what blocks in its destructor, that is another thread.
//! Only a local runtime has no other thread: a task of it that never gives way holds its shutdown up, as it does
//! everything else.

mod plan;
mod report;

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

pub use plan::ShutdownPlan;
pub use report::{ShutdownReport, UnfinishedJob};

use super::{Flavor, Handle, TaskState};
use crate::dump;
use crate::scheduler::SharedRef;
use crate::sync::CancellationToken;
use crate::task::TaskTracker;
use crate::time::timeout;

/// Takes `runtime` through the stages. The caller runs no core of it.
pub(super) fn shut_down(runtime: &Handle, plan: ShutdownPlan) -> ShutdownReport {
    let start = Instant::now();
    let shared = runtime.shared();
    let ShutdownPlan { mut tokens, mut trackers, drain, abort, blocking } = plan;
    tokens.push(runtime.shutdown_token());
    trackers.push(runtime.tracker());
    for tracker in &trackers {
        tracker.close();
    }
    tokens.iter().for_each(CancellationToken::cancel);
    wait_for_trackers(runtime, &trackers, drain);
    let undrained = trackers.iter().map(TaskTracker::len).sum();

    let left = dump::collect(shared);
    shared.want_last_dump(dump::collect);
    let deadline = Instant::now() + abort;
    end_tasks(shared);
    let is_over = shared.wait_for_cores(Some(deadline));
    let stuck = if is_over { Vec::new() } else { dump::collect(shared).tasks };
    // What ended meanwhile was not aborted.
    let left = shared.take_last_dump().unwrap_or(left);
    let is_running = |state| matches!(state, TaskState::Running { .. });

    let deadline = Instant::now() + blocking;
    let jobs = if shared.blocking.wait(Some(deadline)) { Vec::new() } else { shared.blocking.under_way() };
    ShutdownReport {
        undrained,
        aborted: left.tasks,
        aborted_unlisted: left.omitted,
        stuck: stuck.into_iter().filter(|task| is_running(task.state)).collect(),
        blocking: jobs,
        took: start.elapsed(),
    }
}

async fn all_ended(trackers: &[TaskTracker]) {
    for tracker in trackers {
        tracker.wait().await;
    }
}

/// Waits until all that is tracked has ended, or the time is over.
fn wait_for_trackers(runtime: &Handle, trackers: &[TaskTracker], limit: Duration) {
    if trackers.iter().all(TaskTracker::is_empty) {
        return;
    }
    let shared = runtime.shared();
    match shared.config.flavor {
        flavor if !flavor.has_one_thread() => block_until(Instant::now() + limit, all_ended(trackers)),
        Flavor::CurrentThread if !shared.clock.is_virtual() => {
            // Tasks run only while somebody is in `block_on`, and that somebody may be held up by them.
            let stop = CancellationToken::new();
            let (handle, stopped, waited) = (runtime.clone(), stop.clone(), trackers.to_vec());
            let run = move || {
                handle.block_on(async {
                    stopped.run_until_cancelled(all_ended(&waited)).await;
                });
            };
            match thread::Builder::new().name(shared.config.thread_name.given("shutdown")).spawn(run) {
                Ok(_) => block_until(Instant::now() + limit, all_ended(trackers)),
                Err(_) => drain_here(runtime, trackers, limit),
            }
            stop.cancel();
        }
        // On this thread: it alone may run the tasks, or the time is that of the runtime.
        _ => {
            drain_here(runtime, trackers, limit);
        }
    }
}

/// Runs the tasks on this thread until those that are tracked have ended, or the runtime's clock says that the time is over.
fn drain_here(runtime: &Handle, trackers: &[TaskTracker], limit: Duration) {
    // What is left is counted by the caller.
    let _ = runtime.block_on(timeout(limit, all_ended(trackers)));
}

/// Has all tasks dropped.
fn end_tasks(shared: &SharedRef) {
    if let Flavor::Local(_) = shared.config.flavor {
        shared.shut_down();
        return;
    }
    // Whoever finds all cores at rest drops the tasks himself, and their destructors may block.
    let ending = shared.clone();
    let name = shared.config.thread_name.given("shutdown");
    if thread::Builder::new().name(name).spawn(move || ending.shut_down()).is_err() {
        shared.shut_down();
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits on this thread, which runs no tasks, until `future` is ready or the time has come.
fn block_until(deadline: Instant, future: impl Future<Output = ()>) {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    while future.as_mut().poll(&mut cx) == Poll::Pending {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::park_timeout(left);
    }
}
