//! Jobs that block, on threads of their own.
//!
//! Threads are started when a job finds none idle, and end when they have been idle for a while. A job is a task
//! that is ready at its first poll, so that its handle is the same.

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::runtime::{Config, UnfinishedJob};
use crate::scheduler::{self, Shared, SharedRef};
use crate::shim::atomic::AtomicUsize;
use crate::shim::atomic::Ordering::{AcqRel, Acquire};
use crate::shim::{Condvar, Mutex};
use crate::task::{Id, JoinHandle, Origin, TaskRef, Turn, allocate};

thread_local! {
    /// The pool that this thread belongs to, only to be compared with.
    static OWN_POOL: Cell<*const Pool> = const { Cell::new(std::ptr::null()) };
}

#[derive(Debug)]
pub(crate) struct Pool {
    state: Mutex<State>,
    /// A job waits, or the pool shuts down.
    job_waits: Condvar,
    /// A thread has ended.
    thread_ended: Condvar,
    /// Jobs queued or under way.
    in_flight: AtomicUsize,
    threads_max: usize,
    keep_alive: Duration,
}

#[derive(Debug, Default)]
struct State {
    jobs: VecDeque<Queued>,
    /// Jobs that threads have taken, so that a shutdown can name them.
    under_way: Vec<UnfinishedJob>,
    threads: usize,
    /// Those of the threads that take no more jobs.
    ending: usize,
    idle: usize,
    started: usize,
    /// Jobs since the beginning.
    submitted: usize,
    is_shut_down: bool,
}

/// How many threads and jobs there are at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Census {
    pub(crate) threads: usize,
    pub(crate) idle: usize,
    pub(crate) queued: usize,
}

#[derive(Debug)]
struct Queued {
    job: TaskRef,
    at_shutdown: AtShutdown,
}

/// What the end of the runtime does with a job that has not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AtShutdown {
    Drop,
    /// It is run first: it carries what somebody was told is on its way.
    Run,
}

impl Pool {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            state: Mutex::new(State::default()),
            job_waits: Condvar::new(),
            thread_ended: Condvar::new(),
            in_flight: AtomicUsize::new(0),
            threads_max: config.blocking_threads_max,
            keep_alive: config.thread_keep_alive,
        }
    }

    /// Jobs queued or under way.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Acquire)
    }

    /// The jobs that have begun and not ended.
    pub(crate) fn under_way(&self) -> Vec<UnfinishedJob> {
        self.state.lock().under_way.clone()
    }

    /// Who is there now.
    pub(crate) fn census(&self) -> Census {
        let state = self.state.lock();
        Census { threads: state.threads - state.ending, idle: state.idle, queued: state.jobs.len() }
    }

    /// Jobs since the beginning: what counting tests look at.
    #[cfg(all(test, feature = "fs"))]
    pub(crate) fn submitted(&self) -> usize {
        self.state.lock().submitted
    }

    /// Drops the jobs that have not begun and may be dropped, and lets the threads end.
    pub(crate) fn shut_down(&self) {
        let mut state = self.state.lock();
        state.is_shut_down = true;
        let jobs = std::mem::take(&mut state.jobs);
        let (run, dropped) = jobs.into_iter().partition(|queued| queued.at_shutdown == AtShutdown::Run);
        state.jobs = run;
        let has_threads = state.threads > 0;
        drop(state);
        if has_threads {
            self.job_waits.notify_all();
        }
        let dropped: VecDeque<Queued> = dropped;
        dropped.into_iter().for_each(|queued| cancel(queued.job));
    }

    /// Waits until all threads but this one have ended. False if that took too long.
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> bool {
        // A job that ends its own runtime would wait for itself.
        let own = usize::from(std::ptr::eq(OWN_POOL.get(), self));
        let mut state = self.state.lock();
        while state.threads > own {
            let Some(deadline) = deadline else {
                state = self.thread_ended.wait(state);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.thread_ended.wait_timeout(state, left).0;
        }
        true
    }

    /// Queues a job and sees to it that a thread takes it. An error is that there is none and none can be started; the
    /// job is cancelled then, as it is after the shutdown.
    fn submit(&self, runtime: &SharedRef, job: TaskRef, at_shutdown: AtShutdown) -> io::Result<()> {
        let mut state = self.state.lock();
        if state.is_shut_down {
            drop(state);
            cancel(job);
            return Ok(());
        }
        self.in_flight.fetch_add(1, AcqRel);
        state.submitted += 1;
        state.jobs.push_back(Queued { job, at_shutdown });
        if state.idle >= state.jobs.len() {
            drop(state);
            self.job_waits.notify_one();
        } else if state.threads - state.ending < self.threads_max {
            state.threads += 1;
            state.started += 1;
            let number = state.started;
            drop(state);
            return self.start_thread(runtime.clone(), number);
        }
        Ok(())
    }

    fn start_thread(&self, runtime: SharedRef, number: usize) -> io::Result<()> {
        let name = runtime.config.thread_name.of(format_args!("blocking-{number}"));
        let mut thread = std::thread::Builder::new().name(name);
        if let Some(size) = runtime.config.thread_stack_size {
            thread = thread.stack_size(size);
        }
        let Err(error) = thread.spawn(move || work(&runtime)) else { return Ok(()) };
        let mut state = self.state.lock();
        state.threads -= 1;
        if state.threads > state.ending {
            // The job waits for another thread.
            return Ok(());
        }
        let stranded = std::mem::take(&mut state.jobs);
        drop(state);
        for queued in stranded {
            cancel(queued.job);
            self.in_flight.fetch_sub(1, AcqRel);
        }
        Err(error)
    }

    /// The next job for a thread that is `done` with another; nothing if it should end.
    fn next_job(&self, done: Option<Id>) -> Option<TaskRef> {
        let mut state = self.state.lock();
        state.under_way.retain(|job| Some(job.id) != done);
        loop {
            if let Some(queued) = state.jobs.pop_front() {
                let header = queued.job.header();
                let name = header.origin.name().map(str::to_owned);
                state.under_way.push(UnfinishedJob::new(header.id, name, header.origin.spawned_at()));
                return Some(queued.job);
            }
            if state.is_shut_down {
                state.ending += 1;
                return None;
            }
            state.idle += 1;
            let (woken, timed_out) = self.job_waits.wait_timeout(state, self.keep_alive);
            state = woken;
            state.idle -= 1;
            if timed_out && state.jobs.is_empty() {
                // A job that comes from now on needs another thread.
                state.ending += 1;
                return None;
            }
        }
    }
}

fn work(runtime: &SharedRef) {
    runtime.config.release_thread();
    let _entered = scheduler::enter(runtime.clone());
    let pool = &runtime.blocking;
    let mut ending = Ending { pool, is_counted: false };
    OWN_POOL.set(pool);
    runtime.config.on_thread_start();
    let mut done = None;
    while let Some(job) = pool.next_job(done) {
        done = Some(job.header().id);
        let turn = job.run();
        debug_assert!(turn == Turn::Complete);
        // SAFETY: complete; jobs are in no registry.
        unsafe { job.retire() };
        // Only after the joiner was woken: a paused clock must not move in between. Then the worker, which may sleep
        // because of this job, has to look again.
        if pool.in_flight.fetch_sub(1, AcqRel) == 1 && runtime.clock.is_virtual() {
            runtime.tell_worker(0);
        }
    }
    ending.is_counted = true;
    runtime.config.on_thread_stop();
    drop(ending);
}

/// Counts a thread out, also when one of the user's hooks panics.
struct Ending<'a> {
    pool: &'a Pool,
    /// Whether it is counted among those that take no more jobs.
    is_counted: bool,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.state.lock();
        state.threads -= 1;
        state.ending -= usize::from(self.is_counted);
        drop(state);
        self.pool.thread_ended.notify_all();
    }
}

fn cancel(job: TaskRef) {
    job.cancel_queued();
    // SAFETY: cancelled; jobs are in no registry.
    unsafe { job.retire() };
}

/// Runs `job` on the pool of `runtime`.
///
/// # Panics
///
/// If there is no thread for it and none can be started.
#[track_caller]
pub(crate) fn spawn<F, R>(runtime: &SharedRef, job: F, origin: Origin) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    match submit(runtime, job, origin, AtShutdown::Drop) {
        Ok(handle) => handle,
        Err(error) => panic!("no thread can be started for a blocking job: {error}"),
    }
}

/// As [`spawn`], for those who can tell their caller that no thread can be started.
#[cfg(feature = "fs")]
pub(crate) fn try_spawn<F, R>(runtime: &SharedRef, job: F, origin: Origin) -> io::Result<JoinHandle<R>>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    submit(runtime, job, origin, AtShutdown::Drop)
}

/// As [`try_spawn`]; the end of the runtime waits for it even if it has not begun.
#[cfg(feature = "fs")]
pub(crate) fn spawn_mandatory<F, R>(runtime: &SharedRef, job: F, origin: Origin) -> io::Result<JoinHandle<R>>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    submit(runtime, job, origin, AtShutdown::Run)
}

fn submit<F, R>(
    runtime: &SharedRef,
    job: F,
    origin: Origin,
    at_shutdown: AtShutdown,
) -> io::Result<JoinHandle<R>>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    if runtime.simulation.is_some() {
        return Ok(scheduler::spawn_on(runtime, Inline(Job(Some(job))), origin));
    }
    const NEVER_WOKEN: *const Shared = std::ptr::null();
    let task = allocate(Job(Some(job)), Id::next(), NEVER_WOKEN, origin);
    // SAFETY: new, and `R` is its output.
    let handle = unsafe { JoinHandle::new(task) };
    runtime.blocking.submit(runtime, task, at_shutdown)?;
    Ok(handle)
}

/// A job that runs on the thread of a simulated runtime. It lends the core, so that it may call `block_on`.
struct Inline<F>(Job<F>);

impl<F: FnOnce() -> R, R> Future for Inline<F> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let _lent = scheduler::lend(scheduler::Lender::Any);
        Pin::new(&mut self.0).poll(cx)
    }
}

/// A closure as a future that is ready at its first poll.
struct Job<F>(Option<F>);

impl<F> Unpin for Job<F> {}

impl<F: FnOnce() -> R, R> Future for Job<F> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<R> {
        match self.0.take() {
            Some(job) => Poll::Ready(crate::task::coop::without_budget(job)),
            None => unreachable!("a job is polled once"),
        }
    }
}
