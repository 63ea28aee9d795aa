//! The scheduler: who runs which task when.
//!
//! - `queue`, `backlog`, `mailbox`: tasks of a worker, from itself and from others
//! - `blocks`: memory that goes from one task to the next
//! - `registry`: all unfinished tasks of a worker
//! - `timers`, `biased`: the wheel of a worker, and how others get at it when they must
//! - `parker`, `idle`: sleep, and who may be woken
//! - `core`, `remote`: a worker from inside and from outside
//! - `worker`, `block_on`, `root_signal`: the loop that runs tasks, with and without a future of its own, and how that is woken
//! - `hands`: the core that a thread has, and lending it while the thread blocks
//! - `cores`, `roster`: which thread runs which core, and the end of them all
//! - `monitor`: the thread that notices long polls
//! - `context`, `reference`: which runtime this thread is in, and what keeps it alive
//! - `rng`: the seed that random choices follow from
//! - `simulation`: runs that repeat themselves
//!
//! The two flavours are the same code: a current-thread runtime has one core, and no thread but those in `block_on`
//! run it.
//!
//! What decides the speed is not waking: a cross-thread wake costs as much as two hundred atomic operations. So a
//! worker calls for help only when what it has queued would wait longer than that (`core`), and a thread in
//! `block_on` runs a core itself rather than wait for another thread (`block_on`).

mod backlog;
mod biased;
mod block_on;
mod blocks;
mod context;
mod core;
mod cores;
mod hands;
mod idle;
mod mailbox;
#[cfg(feature = "rt-multi-thread")]
mod monitor;
#[cfg(not(feature = "rt-multi-thread"))]
#[path = "no_monitor.rs"]
mod monitor;
mod parker;
mod queue;
mod reference;
mod registry;
mod remote;
mod rng;
mod root_signal;
mod roster;
mod simulation;
mod timers;
mod worker;

#[cfg(all(test, loom))]
mod loom_models;

use std::io;
use std::num::NonZeroU64;
use std::ptr;
use std::sync::{Arc, OnceLock};
use std::task::Waker;

pub(crate) use self::biased::Biased;
pub(crate) use self::block_on::block_on;
pub(crate) use self::blocks::{allocate, allocate_with, free};
pub(crate) use self::context::{Entered, enter, with_core};
pub(crate) use self::core::{Core, RunBatch, run_hooked_batch};
use self::cores::Cores;
pub(crate) use self::hands::{Lender, lend};
use self::idle::Idle;
pub(crate) use self::mailbox::{Mailbox, Push};
use self::monitor::Monitor;
pub(crate) use self::reference::SharedRef;
pub(crate) use self::registry::Registry;
pub(crate) use self::remote::Remote;
use self::remote::{Remotes, TimerOrder};
pub(crate) use self::rng::{Rng, Seed};
pub(crate) use self::simulation::{
    Simulation, choose_among, next_id, random, random_below, refuse_in_simulation,
};
use crate::blocking;
use crate::limits::CANCELLED_TIMERS_MAX;
use crate::runtime::{self, Config, Flavor, Handle, UnhandledPanic};
use crate::shim::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::shim::atomic::{AtomicBool, AtomicUsize};
use crate::sync::CancellationToken;
use crate::task::{Id, JoinHandle, LocalSets, Origin, Pinned, Stamp, TaskRef, TaskTracker};
use crate::time::{Clock, ForeignTimer, Key, Nanos, Wheel};

/// Runtimes built so far.
static RUNTIMES: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// What all workers of one runtime share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// See `reference`.
    references: AtomicUsize,
    remotes: Remotes,
    idle: Idle,
    cores: Cores,
    monitor: Monitor,
    pub(crate) blocking: blocking::Pool,
    pub(crate) shutdown_token: OnceLock<CancellationToken>,
    pub(crate) tracker: OnceLock<TaskTracker>,
    /// What runs tasks of its own inside tasks of this runtime, for dumps.
    pub(crate) local_sets: LocalSets,
    pub(crate) clock: Clock,
    seed: Seed,
    pub(crate) simulation: Option<Box<Simulation>>,
    pub(crate) config: Config,
    is_shut_down: AtomicBool,
    /// A task panicked, and the runtime is set to end for that.
    has_panicked: AtomicBool,
    pub(crate) id: NonZeroU64,
    /// Turns over the workers for tasks from outside.
    next_worker: AtomicUsize,
}

impl Shared {
    /// Builds a runtime with `workers` cores, none of which runs yet.
    pub(crate) fn build(
        workers: usize,
        config: Config,
        seed: Seed,
        clock: Clock,
        simulation: Option<Box<Simulation>>,
    ) -> io::Result<SharedRef> {
        let (owners, stealers) = core::rings(workers);
        let shared = Self {
            references: AtomicUsize::new(1),
            id: NonZeroU64::MIN.saturating_add(RUNTIMES.fetch_add(1, std::sync::atomic::Ordering::Relaxed)),
            remotes: stealers
                .into_iter()
                .map(|stealer| {
                    Remote::new(stealer, Wheel::new(config.ticks, config.ticks.floor(clock.now())))
                })
                .collect(),
            idle: Idle::new(workers),
            cores: Cores::new(owners),
            monitor: Monitor::new(),
            blocking: blocking::Pool::new(&config),
            shutdown_token: OnceLock::new(),
            tracker: OnceLock::new(),
            local_sets: LocalSets::default(),
            clock,
            seed,
            simulation,
            config,
            is_shut_down: AtomicBool::new(false),
            has_panicked: AtomicBool::new(false),
            next_worker: AtomicUsize::new(0),
        };
        (0..workers).for_each(|_| shared.idle.add_helper());
        let shared = SharedRef::new(shared);
        shared.make_first_core()?;
        Ok(shared)
    }

    pub(crate) fn worker_count(&self) -> usize {
        self.remotes.len()
    }

    pub(crate) fn is_current_thread(&self) -> bool {
        self.config.flavor.has_one_thread()
    }

    /// Whether the runtime stays on one thread, and it is this one.
    pub(crate) fn is_local_here(&self) -> bool {
        matches!(self.config.flavor, Flavor::Local(_)) && self.config.flavor.admits_this_thread()
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        self.is_shut_down.load(Acquire)
    }

    pub(crate) fn remotes(&self) -> &[Remote] {
        &self.remotes
    }

    pub(crate) fn remote(&self, worker: u32) -> &Remote {
        &self.remotes[worker as usize]
    }

    pub(crate) fn tell_worker(&self, worker: u32) {
        self.remote(worker).tell();
    }

    /// Wakes a worker, or starts one, to look for work.
    fn call_helper(&self) {
        match self.idle.pick_sleeper() {
            Some(worker) => self.call(worker),
            None => self.launch_helper(),
        }
    }

    /// Wakes a worker that was picked while it slept, to look for work.
    fn call(&self, worker: u32) {
        let remote = self.remote(worker);
        remote.call(&self.idle);
        remote.tell();
    }

    /// Hands a woken task to the worker that has it in its registry.
    fn schedule_remote(&self, task: TaskRef) {
        self.note_foreign_thread();
        // Woken, so it was polled, so it was registered: the wake that brought us here follows that poll.
        let worker = task.header().record.home().map_or(0, |home| u32::from(home.worker));
        let remote = self.remote(worker);
        remote.count_wake(task);
        // Closed only after every task is cancelled; a cancelled task is never scheduled.
        let sent = remote.send(task);
        debug_assert!(sent.is_ok(), "a live task met a closed mailbox");
        self.watch_over_others();
    }

    /// Has somebody notice if the worker that was just sent something is held up in a poll. One that sleeps sees to that when it
    /// wakes.
    fn watch_over_others(&self) {
        if self.remotes.len() > 1 {
            self.monitor.watch(self);
        }
    }

    /// Leaves the end of a task, whose output is there, to the worker that has it in its registry.
    fn send_complete(&self, task: TaskRef) {
        match task.header().record.home() {
            Some(home) => {
                let remote = self.remote(u32::from(home.worker));
                remote.send_retired(task);
                remote.tell();
            }
            None => debug_assert!(false, "a task ran before it was registered"),
        }
    }

    /// Tells whom it concerns that a task is over.
    #[inline]
    fn note_end(&self, task: TaskRef) {
        runtime::call_for(self.config.hooks.task_terminate.as_ref(), task.header());
    }

    /// Whether a task panicked, and the runtime is set to end for that.
    fn has_panicked(&self) -> bool {
        self.has_panicked.load(Acquire)
    }

    #[cold]
    fn new_id_and_credit(&self) -> (Id, *const Self, *const Core) {
        (self.next_id(), SharedRef::of(self).into_credit(), ptr::null())
    }

    /// Queues a new task that came from elsewhere, or that somebody has to be told of.
    #[cold]
    fn queue_new(&self, task: TaskRef) {
        runtime::call_for(self.config.hooks.task_spawn.as_ref(), task.header());
        // The hook may have lent the core.
        with_core(|core| match core {
            Some(core) if ptr::eq(core.shared(), self) => core.queue_new(task),
            _ => self.spawn_remote(task),
        });
    }

    /// Hands a new task to some worker.
    fn spawn_remote(&self, task: TaskRef) {
        self.note_foreign_thread();
        let worker = self.pick_worker();
        self.remote(worker).count_spawn(task);
        match self.remote(worker).send(task) {
            Ok(()) => {
                self.ensure_driven(worker);
                self.watch_over_others();
            }
            Err(task) => {
                self.remote(worker).uncount_spawn();
                task.cancel_queued();
                self.note_end(task);
                // SAFETY: cancelled, and in no registry.
                unsafe { task.retire() };
            }
        }
    }

    /// The worker that will get soonest to a task from outside.
    fn pick_worker(&self) -> u32 {
        if self.remotes.len() == 1 {
            return 0;
        }
        if let Some(worker) = self.idle.pick_sleeper() {
            return worker;
        }
        if self.idle.has_helpers() {
            self.launch_helper();
        }
        let running = || (0_u32..).zip(&self.remotes).filter(|(_, remote)| remote.is_running.load(Relaxed));
        let count = running().count();
        if count == 0 {
            return 0;
        }
        let turn = self.next_worker.fetch_add(1, Relaxed) % count;
        running().nth(turn).map_or(0, |(worker, _)| worker)
    }
}

/// Calls `f` if this thread runs a worker of the task's runtime.
#[inline]
pub(crate) fn with_core_of_task<R>(task: TaskRef, f: impl FnOnce(&Core) -> R) -> Option<R> {
    with_core(|core| core.filter(|core| ptr::eq(core.shared(), task.shared())).map(f))
}

/// Puts a woken task into a queue: that of this worker, if it is one of the task's runtime.
#[inline]
pub(crate) fn schedule_woken(task: TaskRef) {
    let shared = task.shared();
    with_core(|core| match core {
        Some(core) if ptr::eq(core.shared(), shared) => core.schedule_woken(task),
        // SAFETY: the waker's reference keeps the task alive, and its wake owes it the trip.
        _ => unsafe { task.schedule() },
    });
}

/// Puts a woken task of a runtime into the mailbox of its worker.
///
/// # Safety
///
/// The task is one of a runtime, and valid during the call.
pub(crate) unsafe fn schedule_remote(task: TaskRef) {
    // SAFETY: the task keeps its runtime alive with its credit.
    unsafe { &*task.shared() }.schedule_remote(task);
}

/// Spawns on the runtime that this thread is in.
///
/// # Panics
///
/// If it is in none.
#[track_caller]
pub(crate) fn spawn<F>(future: F, origin: Origin) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    with_core(|core| match core {
        Some(core) => spawn_on(core.shared(), future, origin),
        None => context::with_entered(|shared| match shared {
            Some(shared) => spawn_on(shared, future, origin),
            None => no_runtime("spawn"),
        }),
    })
}

/// Spawns on `shared`, from wherever this is.
pub(crate) fn spawn_on<F>(shared: &Shared, future: F, origin: Origin) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    // SAFETY: both may go anywhere.
    unsafe { spawn_unchecked(shared, future, origin) }
}

/// Spawns a future that need not be `Send` on a runtime that stays on this thread.
///
/// # Panics
///
/// If the runtime does not.
#[track_caller]
pub(crate) fn spawn_local_on<F>(shared: &Shared, future: F, origin: Origin) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    assert!(
        shared.is_local_here(),
        "spawn_local: this runtime does not stay on one thread, or on another one"
    );
    // SAFETY: cores of this runtime are run, and their tasks polled and dropped, by this thread alone.
    unsafe { spawn_unchecked(shared, future, origin) }
}

/// Spawns a future that need not be `Send` on the runtime that this thread is in; none if that does not stay here.
pub(crate) fn try_spawn_local<F>(future: F, origin: Origin) -> Result<JoinHandle<F::Output>, F>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let spawn = |shared: Option<&Shared>| match shared {
        Some(shared) if shared.is_local_here() => Ok(spawn_local_on(shared, future, origin)),
        _ => Err(future),
    };
    with_core(|core| match core {
        Some(core) => spawn(Some(core.shared())),
        None => context::with_entered(spawn),
    })
}

/// Spawns a future that is made at its first poll, on a runtime that stays on some thread.
///
/// # Panics
///
/// If the runtime does not.
pub(crate) fn spawn_pinned_on<C, F>(
    shared: &Shared,
    future: Pinned<C, F>,
    origin: Origin,
) -> JoinHandle<F::Output>
where
    C: FnOnce() -> F + Send + 'static,
    F: Future + 'static,
    F::Output: Send + 'static,
{
    assert!(
        matches!(shared.config.flavor, Flavor::Local(_)),
        "only a local runtime keeps tasks on one thread"
    );
    assert!(future.is_unmade(), "the future has to be made over there");
    // SAFETY: without its future it is as `Send` as `create`, and so is the output; whoever drops it unpolled drops
    // `create` alone. The future is made by the first poll, on the one thread that polls and drops tasks of this runtime.
    unsafe { spawn_unchecked(shared, future, origin) }
}

/// # Safety
///
/// Future and output are `Send`, or cores of the runtime are run by one thread alone, and it is this one. An output
/// that is not `Send` is then confined as well, because its `JoinHandle` is. Or the future is as good as `Send` until its
/// first poll, the output is `Send`, and cores of the runtime are run by one thread alone.
unsafe fn spawn_unchecked<F>(shared: &Shared, future: F, origin: Origin) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    // Everything that may call another function comes before or after, so that nothing has to be kept for it.
    let (id, credit, here) = with_core(|core| match core {
        Some(core) if core.spawns_simply && ptr::eq(core.shared(), shared) => {
            (Id::next(), core.new_credit(), ptr::from_ref(core))
        }
        _ => shared.new_id_and_credit(),
    });
    let task = crate::task::allocate(future, id, credit, origin);
    // SAFETY: new, and `F::Output` is its output.
    let handle = unsafe { JoinHandle::new(task) };
    // SAFETY: the core of this thread, which nothing above lends.
    match unsafe { here.as_ref() } {
        Some(core) => core.queue_new(task),
        None => shared.queue_new(task),
    }
    handle
}

/// The runtime that this thread is in.
pub(crate) fn current() -> Option<SharedRef> {
    with_core(|core| match core {
        Some(core) => Some(SharedRef::of(core.shared())),
        None => context::with_entered(|shared| shared.map(SharedRef::of)),
    })
}

/// What tells the runtime that this thread is in from others.
pub(crate) fn current_id() -> Option<NonZeroU64> {
    with_core(|core| match core {
        Some(core) => Some(core.shared().id),
        None => context::with_entered(|shared| shared.map(|shared| shared.id)),
    })
}

/// Stops a call that needs a runtime and has none.
#[cold]
#[track_caller]
pub(crate) fn no_runtime(what: &str) -> ! {
    panic!(
        "{what} needs a Minato runtime, and this thread is in none: call it inside `Runtime::block_on` or a task, or \
         enter a runtime first with `Handle::enter`"
    )
}

/// The runtime and worker whose driver a descriptor polled here should join.
pub(crate) fn current_driver() -> Option<(SharedRef, u32)> {
    let driver = with_core(|core| match core {
        Some(core) => Some((SharedRef::of(core.shared()), core.index)),
        None => context::with_entered(|shared| shared.map(|shared| (SharedRef::of(shared), 0))),
    })?;
    driver.0.note_descriptor();
    Some(driver)
}

/// The time now: that of the runtime this thread is in, else the machine's.
#[inline]
pub(crate) fn now() -> Nanos {
    with_core(|core| match core {
        Some(core) => core.shared().clock.now(),
        None => context::with_entered(|shared| shared.map_or_else(Nanos::real, |shared| shared.clock.now())),
    })
}

/// The runtime that this thread is in, as a worker or through `enter`.
pub(crate) fn with_runtime<R>(f: impl FnOnce(Option<&Shared>) -> R) -> R {
    with_core(|core| match core {
        Some(core) => f(Some(core.shared())),
        None => context::with_entered(f),
    })
}

/// What a task is stamped with that is queued now.
pub(crate) fn stamp() -> Stamp {
    with_core(|core| core.map_or_else(|| Stamp::at(Nanos::real().0), Core::coarse_stamp))
}

/// Puts a timer into the wheel of the worker that runs, unless that is past `deadline` already.
#[inline]
pub(crate) fn insert_timer(deadline: Nanos, waker: &Waker) -> Option<(SharedRef, u16, Key)> {
    // Wakers are cloned and dropped with no core in hand: that is somebody else's code, which may lend it.
    let waker = waker.clone();
    with_core(|core| core?.insert_timer(deadline, waker))
}

/// The core of the worker, if this thread runs that.
#[inline]
fn with_core_of<R>(runtime: &SharedRef, worker: u16, f: impl FnOnce(&Core) -> R) -> Option<R> {
    with_core(|core| match core {
        Some(core) if core.index == u32::from(worker) && ptr::eq(core.shared(), &**runtime) => Some(f(core)),
        _ => None,
    })
}

/// Changes who is woken by a timer of the worker that runs. False if it has fired, or is another worker's.
pub(crate) fn update_timer(runtime: &SharedRef, worker: u16, key: Key, waker: &Waker) -> bool {
    let known = with_core_of(runtime, worker, |core| core.with_wheel(|wheel| wheel.wakes(key, waker)));
    match known {
        Some(Ok(true)) => return true,
        Some(Ok(false)) => {}
        Some(Err(_)) | None => return false,
    }
    let waker = waker.clone();
    let replaced = with_core_of(runtime, worker, |core| core.with_wheel(|wheel| wheel.replace(key, waker)));
    replaced.is_some_and(|replaced| replaced.is_ok())
}

/// Takes a timer out of the wheel it is in.
#[inline]
pub(crate) fn cancel_timer(runtime: SharedRef, worker: u16, key: Key) {
    let removed = with_core(|core| match core {
        Some(core) if core.index == u32::from(worker) && ptr::eq(core.shared(), &*runtime) => {
            Ok((core.with_wheel(|wheel| wheel.remove(key)), core.take_back(runtime)))
        }
        _ => Err(runtime),
    });
    match removed {
        // The reference first: the drop of the waker may panic, and may lend the core.
        Ok((waker, excess)) => {
            drop(excess);
            drop(waker);
        }
        Err(runtime) => cancel_elsewhere(&runtime, worker, key),
    }
}

/// Has the worker that keeps a timer take it out.
#[cold]
fn cancel_elsewhere(runtime: &SharedRef, worker: u16, key: Key) {
    // After a shutdown the wheels are about to be dropped as a whole.
    if !runtime.is_shut_down() {
        let remote = runtime.remote(u32::from(worker));
        let waiting = remote.timer_orders.push(TimerOrder::Cancel(key));
        if waiting.is_ok_and(|waiting| waiting.is_multiple_of(CANCELLED_TIMERS_MAX)) {
            remote.tell();
        }
    }
}

/// Has a worker keep a timer for a thread that is none.
///
/// # Panics
///
/// If the thread is in no runtime, or in one that has shut down.
pub(crate) fn request_timer(deadline: Nanos, timer: Arc<ForeignTimer>) {
    let Some(runtime) = current() else { no_runtime("a timer") };
    let sent = runtime.remote(0).timer_orders.push(TimerOrder::Insert { deadline, timer });
    assert!(
        sent.is_ok() && !runtime.is_shut_down(),
        "a timer was waited for in a runtime that has shut down"
    );
    runtime.remote(0).tell();
    runtime.ensure_driven(0);
}

/// Notes that a task of a runtime has panicked.
#[cold]
pub(crate) fn note_panic(task: TaskRef) {
    // SAFETY: null, or a runtime that the task keeps alive.
    if let Some(shared) = unsafe { task.shared().as_ref() }
        && shared.config.unhandled_panic == UnhandledPanic::ShutdownRuntime
    {
        // ORDERING: Release, before the shutdown that has others look.
        shared.has_panicked.store(true, Release);
        shared.shut_down();
    }
}

/// Whether the poll that goes on may have another budget.
pub(crate) fn renews_budget() -> bool {
    with_core(|core| core.is_some_and(Core::renews_budget))
}

/// Counts a poll that ended because the budget was spent.
pub(crate) fn count_budget_yield() {
    with_core(|core| {
        if let Some(core) = core {
            core.counters().budget_yields.increment();
        }
    });
}

/// Fires what is due on the worker that runs.
pub(crate) fn fire_timers() {
    with_core(|core| {
        if let Some(core) = core {
            core.fire_timers();
        }
    });
}

/// The clock of the current runtime, for tests to hold.
///
/// # Panics
///
/// Outside a current-thread runtime.
#[track_caller]
pub(crate) fn with_test_clock<R>(what: &str, f: impl FnOnce(&Clock) -> R) -> R {
    let Some(runtime) = current() else { no_runtime(what) };
    assert!(
        runtime.is_current_thread(),
        "{what}: only the clock of a current-thread runtime can be paused; tasks on other threads would go on"
    );
    f(&runtime.clock)
}

/// A handle to the runtime that this thread is in.
pub(crate) fn current_handle() -> Option<Handle> {
    current().map(Handle::new)
}
