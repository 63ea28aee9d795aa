//! Settling what a runtime is like.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "rt-multi-thread")]
use super::BlockedPoll;
use super::config::ThreadName;
use super::{Config, Flavor, LocalOptions, LocalRuntime, Placement, Runtime, TaskMeta, UnhandledPanic};
use crate::limits::WORKERS_MAX;
use crate::scheduler::{Seed, Shared, SharedRef, Simulation, run_hooked_batch};
use crate::time::{Clock, Ticks};

/// Builds a [`Runtime`].
///
/// I/O and timers are always there; `enable_all` and its like exist so that code ports.
///
/// ```
/// use minato_runtime::runtime::Builder;
///
/// let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("quay").build().unwrap();
/// runtime.block_on(async {});
/// ```
#[derive(Debug)]
pub struct Builder {
    workers: Option<usize>,
    config: Config,
    seed: Option<u64>,
    starts_paused: bool,
    simulation: Option<Simulated>,
    /// None, to let the system choose.
    processors: Vec<usize>,
    /// As many as in any tick, unless it is set.
    busy_io_events_max: Option<usize>,
}

/// What makes a runtime a simulated one.
#[derive(Clone, Copy, Debug)]
struct Simulated {
    /// Whether it keeps the events of its trace.
    keeps_trace: bool,
    /// Written down where a simulation is asked for, so that programs which never do hold nothing of it.
    make: fn(Seed, bool) -> Simulation,
}

impl Builder {
    fn new(flavor: Flavor) -> Self {
        Self {
            workers: None,
            config: Config::new(flavor),
            seed: None,
            starts_paused: false,
            simulation: None,
            processors: Vec::new(),
            busy_io_events_max: None,
        }
    }

    /// A runtime whose tasks run on the threads that are in `block_on`.
    #[must_use]
    pub fn new_current_thread() -> Self {
        Self::new(Flavor::CurrentThread)
    }

    /// A current-thread runtime whose every choice follows from `seed`, to find schedules that break a program, and to
    /// run them again.
    ///
    /// Which of the tasks that are ready runs next is drawn at random, so each seed is another schedule. `select!`,
    /// [`random`](super::random) and task ids follow from the seed too. The clock begins at a fixed time, stands still
    /// while anything can run, and then moves to the next timer. Jobs of `spawn_blocking` run at a random moment on the
    /// thread of the runtime, from beginning to end: they may call [`Handle::block_on`](super::Handle::block_on), but one
    /// that waits by other means for what a task does waits for ever. When nothing can run and no timer is set, the
    /// runtime panics and names the tasks that wait.
    ///
    /// Descriptors and other threads have a part in the run that the seed does not decide;
    /// [`Trace::outside_inputs`](super::Trace::outside_inputs) says whether there were any. So have the order of a
    /// `HashMap`, whose hasher should get fixed keys, and `std::time`. [`check_determinism`](super::check_determinism)
    /// finds them.
    ///
    /// ```
    /// use minato_runtime::runtime::Builder;
    /// use minato_runtime::{spawn, task::yield_now};
    ///
    /// let run = |seed| {
    ///     let runtime = Builder::new_simulated(seed).build().unwrap();
    ///     runtime.block_on(async {
    ///         let tasks: Vec<_> = (0..5).map(|_| spawn(yield_now())).collect();
    ///         for task in tasks {
    ///             task.await.unwrap();
    ///         }
    ///     });
    ///     runtime.handle().trace().unwrap()
    /// };
    /// assert_eq!(run(1), run(1));
    /// assert_ne!(run(1), run(2));
    /// ```
    #[must_use]
    pub fn new_simulated(seed: u64) -> Self {
        let mut builder = Self::new(Flavor::CurrentThread);
        builder.seed = Some(seed);
        builder.simulation = Some(Simulated { keeps_trace: false, make: Simulation::new });
        builder
    }

    /// Makes a simulated runtime keep the events of its trace.
    pub(super) fn keep_trace(&mut self, keeps_trace: bool) -> &mut Self {
        self.simulation = self.simulation.map(|simulated| Simulated { keeps_trace, ..simulated });
        self
    }

    /// A runtime with several workers that share the work. Their threads start when there is work for them.
    #[cfg(feature = "rt-multi-thread")]
    #[must_use]
    pub fn new_multi_thread() -> Self {
        Self::new(Flavor::MultiThread)
    }

    /// The number of workers of a multi-thread runtime; the thread in `block_on` is one of them.
    ///
    /// By default the environment variable `MINATO_WORKER_THREADS`, or else the number of processors this process
    /// may use.
    ///
    /// # Panics
    ///
    /// If it is zero, or above 65,534.
    #[track_caller]
    pub fn worker_threads(&mut self, count: usize) -> &mut Self {
        assert!(count > 0, "a runtime needs at least one worker");
        assert!(count <= WORKERS_MAX, "a runtime has at most {WORKERS_MAX} workers");
        self.workers = Some(count);
        self
    }

    /// The number of threads that blocking jobs may use at a time; 512 by default. Further jobs wait.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn max_blocking_threads(&mut self, count: usize) -> &mut Self {
        assert!(count > 0, "blocking jobs need at least one thread");
        self.config.blocking_threads_max = count;
        self
    }

    /// How long a thread for blocking jobs stays without one; ten seconds by default.
    pub fn thread_keep_alive(&mut self, duration: Duration) -> &mut Self {
        self.config.thread_keep_alive = duration;
        self
    }

    /// Rounds timers up to a microsecond instead of a millisecond.
    ///
    /// For pacing and measurements. A worker that goes to sleep with a timer pending then makes one more system call, to
    /// set a timer descriptor, and no two timers of different microseconds share a wake-up. How late a task runs after
    /// its timer is up to the kernel and to what else the worker does, 50 to 100 microseconds on an idle machine. On
    /// systems other than Linux the kernel still waits for whole milliseconds.
    pub fn precise_timers(&mut self, precise: bool) -> &mut Self {
        self.config.ticks = if precise { Ticks::Microseconds } else { Ticks::Milliseconds };
        self
    }

    /// The name of the runtime, which [`Handle::name`](super::Handle::name) gives; none by default.
    pub fn name(&mut self, name: impl Into<String>) -> &mut Self {
        self.config.name = Some(name.into());
        self
    }

    /// What the names of the runtime's threads begin with; `minato` by default.
    pub fn thread_name(&mut self, name: impl Into<String>) -> &mut Self {
        self.config.thread_name = ThreadName::Prefix(name.into().into());
        self
    }

    /// Has `name` called for the name of each of the runtime's threads, instead of [`thread_name`](Self::thread_name).
    pub fn thread_name_fn(&mut self, name: impl Fn() -> String + Send + Sync + 'static) -> &mut Self {
        self.config.thread_name = ThreadName::Made(Arc::new(name));
        self
    }

    /// The stack of the runtime's threads, in bytes; that of the standard library by default.
    pub fn thread_stack_size(&mut self, bytes: usize) -> &mut Self {
        self.config.thread_stack_size = Some(bytes);
        self
    }

    /// Runs `hook` on every thread of the runtime before it does anything.
    ///
    /// A panic of this or any other hook is caught: the panic hook of the process tells of it, and all goes on.
    pub fn on_thread_start(&mut self, hook: impl Fn() + Send + Sync + 'static) -> &mut Self {
        self.config.hooks.thread_start = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` on every thread of the runtime before it ends.
    pub fn on_thread_stop(&mut self, hook: impl Fn() + Send + Sync + 'static) -> &mut Self {
        self.config.hooks.thread_stop = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` on a worker that has nothing to do, before it sleeps; it does not if the hook gives it something.
    pub fn on_thread_park(&mut self, hook: impl Fn() + Send + Sync + 'static) -> &mut Self {
        self.config.hooks.thread_park = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` on a worker when it goes on after [`on_thread_park`](Self::on_thread_park).
    pub fn on_thread_unpark(&mut self, hook: impl Fn() + Send + Sync + 'static) -> &mut Self {
        self.config.hooks.thread_unpark = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` for every task that is spawned, in the call that spawns it, before any worker has it.
    ///
    /// This and the other hooks for tasks are not called for blocking jobs and tasks of a `LocalSet`.
    pub fn on_task_spawn(&mut self, hook: impl Fn(&TaskMeta<'_>) + Send + Sync + 'static) -> &mut Self {
        self.config.hooks.task_spawn = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` before every poll of a task, on its worker.
    ///
    /// Without this hook and the next one, polls cost nothing more for them.
    pub fn on_before_task_poll(&mut self, hook: impl Fn(&TaskMeta<'_>) + Send + Sync + 'static) -> &mut Self {
        self.config.hooks.before_poll = Some(Arc::new(hook));
        self.config.hooks.run_batch = Some(run_hooked_batch);
        self
    }

    /// Runs `hook` after every poll of a task, on its worker, also when the task is ready or has panicked.
    pub fn on_after_task_poll(&mut self, hook: impl Fn(&TaskMeta<'_>) + Send + Sync + 'static) -> &mut Self {
        self.config.hooks.after_poll = Some(Arc::new(hook));
        self.config.hooks.run_batch = Some(run_hooked_batch);
        self
    }

    /// Runs `hook` for every task that is over, whether it is ready, has panicked or was aborted, after its future is
    /// dropped and before whoever awaits its handle learns of it.
    pub fn on_task_terminate(&mut self, hook: impl Fn(&TaskMeta<'_>) + Send + Sync + 'static) -> &mut Self {
        self.config.hooks.task_terminate = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` when a poll has gone on for longer than the [threshold](Self::blocked_threshold), once per poll.
    ///
    /// It is called while the poll goes on, on a thread that watches the workers: so it is called for a deadlock too. A
    /// multi-thread runtime has that thread anyway, and [counts](super::RuntimeMetrics::worker_blocked_poll_count)
    /// such polls also without this hook; a current-thread runtime has it only with this hook, and that
    /// thread sleeps when the runtime does.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    /// use minato_runtime::runtime::Builder;
    /// use minato_runtime::task;
    ///
    /// let (report, reports) = mpsc::channel();
    /// let runtime = Builder::new_current_thread()
    ///     .blocked_threshold(Duration::from_millis(10))
    ///     .on_blocked(move |poll| report.send(poll.to_string()).unwrap())
    ///     .build()
    ///     .unwrap();
    /// runtime.block_on(async {
    ///     // A task that waits in the way of threads.
    ///     let task = task::Builder::new().name("stubborn").spawn(async move { reports.recv().unwrap() });
    ///     assert!(task.unwrap().await.unwrap().contains("\"stubborn\""));
    /// });
    /// ```
    #[cfg(feature = "rt-multi-thread")]
    pub fn on_blocked(&mut self, hook: impl Fn(&BlockedPoll) + Send + Sync + 'static) -> &mut Self {
        self.config.hooks.blocked = Some(Arc::new(hook));
        self
    }

    /// How long a poll may take before it counts as blocked; 100 ms by default. It is noticed up to 10 ms later.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    #[cfg(feature = "rt-multi-thread")]
    pub fn blocked_threshold(&mut self, threshold: Duration) -> &mut Self {
        assert!(!threshold.is_zero(), "every poll takes longer than no time at all");
        self.config.blocked_threshold = threshold;
        self
    }

    /// What happens when a task panics; by default only whoever awaits its handle learns of it.
    pub fn unhandled_panic(&mut self, behavior: UnhandledPanic) -> &mut Self {
        self.config.unhandled_panic = behavior;
        self
    }

    /// How many polls a worker makes before it looks at the clock, at descriptors and timers, and at what other threads
    /// have left for it; 61 by default. It looks at the kernel at most every 64 µs.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn event_interval(&mut self, polls: u32) -> &mut Self {
        assert!(polls > 0, "the event interval must be at least one poll");
        self.config.event_interval = polls;
        self
    }

    /// How many events of descriptors a worker takes from the kernel at a time; 256 by default.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn max_io_events_per_tick(&mut self, count: usize) -> &mut Self {
        assert!(count > 0, "the kernel gives at least one event at a time");
        self.config.io_events_max = count;
        self
    }

    /// How many events of descriptors a worker that has tasks to run takes from the kernel at a time; as many as
    /// [in any tick](Self::max_io_events_per_tick) by default.
    ///
    /// Fewer of them keep a flood of events from delaying the tasks that are queued already.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn max_io_events_per_busy_tick(&mut self, count: usize) -> &mut Self {
        assert!(count > 0, "the kernel gives at least one event at a time");
        self.busy_io_events_max = Some(count);
        self
    }

    /// Has a worker with nothing to do look around for so long before it sleeps; not at all by default.
    ///
    /// Waking a thread that sleeps takes the kernel about five microseconds, and a thread that looks around takes its
    /// processor from everybody else: for runtimes with processors of their own that answer each other in less time
    /// than that. Each look at descriptors is a system call.
    ///
    /// Simulated runtimes, and those whose clock is paused, do not look around.
    pub fn spin_before_park(&mut self, duration: Duration) -> &mut Self {
        self.config.spin_before_park = duration;
        self
    }

    /// Pins each worker to a processor: worker `n` to the `n`th of these, and from the first on again if there are more
    /// workers. By default the system chooses, time and again.
    ///
    /// A thread is pinned while it runs a worker: that of the user in `block_on` too, which is put back when the call
    /// ends. Threads for blocking jobs are not. A thread that a task starts by itself inherits the processor of its worker.
    ///
    /// Workers on the processors of one memory node, or one for each core with its second thread left out, are lists like any
    /// other.
    ///
    /// ```
    /// use minato_runtime::runtime::Builder;
    ///
    /// let processor = 0;
    /// # let allowed = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    /// # let allowed = allowed.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    /// # let first = allowed.and_then(|list| list.trim().split([',', '-']).next().and_then(|cpu| cpu.parse().ok()));
    /// # let processor = first.unwrap_or(processor);
    /// # if !cfg!(target_os = "linux") { return; }
    /// let runtime = Builder::new_current_thread().pin_workers([processor]).build().unwrap();
    /// runtime.block_on(async {});
    /// ```
    ///
    /// [`build`](Self::build) fails if the process may not run on one of them, or if the system is not Linux.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn pin_workers(&mut self, processors: impl IntoIterator<Item = usize>) -> &mut Self {
        self.processors = processors.into_iter().collect();
        assert!(!self.processors.is_empty(), "a worker cannot run on no processor at all");
        self
    }

    /// How many operations on channels, locks, sockets and the like a task may do in one poll before it
    /// [gives way](crate::task::coop); 128 by default.
    ///
    /// # Panics
    ///
    /// If it is zero or above 254.
    #[track_caller]
    pub fn task_budget(&mut self, operations: u8) -> &mut Self {
        assert!(operations > 0, "a task without a budget never gets anywhere");
        assert!(operations < u8::MAX, "the budget of a task is at most 254 operations");
        self.config.task_budget = operations;
        self
    }

    /// Lets a task that has spent its [budget](Self::task_budget) go on until this much time has passed as well; it does not by
    /// default.
    ///
    /// So many cheap operations do not end a poll that has taken no time to speak of. The time counts from when the budget is
    /// spent first: a poll that spends less never looks at the clock, and one that spends more does so once per budget.
    /// In a [simulation](Self::new_simulated) time stands still during a poll, so that there the budget alone counts.
    ///
    /// ```
    /// use std::time::Duration;
    /// use minato_runtime::runtime::Builder;
    /// use minato_runtime::sync::mpsc;
    ///
    /// let runtime = Builder::new_current_thread().task_time_slice(Duration::from_micros(200)).build().unwrap();
    /// runtime.block_on(async {
    ///     let (tx, mut rx) = mpsc::unbounded_channel();
    ///     (0..10_000).for_each(|n| tx.send(n).unwrap());
    ///     drop(tx);
    ///     while rx.recv().await.is_some() {}
    /// });
    /// ```
    pub fn task_time_slice(&mut self, duration: Duration) -> &mut Self {
        self.config.task_time_slice = duration;
        self
    }

    /// Has the workers of a multi-thread runtime run tasks in the order in which they were woken.
    ///
    /// By default the one woken last runs next, up to three times in a row, because what it waits for is still in the
    /// cache. Current-thread runtimes always go by the order.
    pub fn disable_lifo_slot(&mut self) -> &mut Self {
        self.config.has_lifo_slot = false;
        self
    }

    /// The seed of all random choices; the system's entropy by default.
    pub fn rng_seed(&mut self, seed: u64) -> &mut Self {
        self.seed = Some(seed);
        self
    }

    /// Starts with the clock [paused](crate::time::pause). Only for current-thread runtimes.
    pub fn start_paused(&mut self, starts_paused: bool) -> &mut Self {
        self.starts_paused = starts_paused;
        self
    }

    /// Does nothing: I/O and timers are always there.
    pub fn enable_all(&mut self) -> &mut Self {
        self
    }

    /// Does nothing: I/O is always there.
    pub fn enable_io(&mut self) -> &mut Self {
        self
    }

    /// Does nothing: timers are always there.
    pub fn enable_time(&mut self) -> &mut Self {
        self
    }

    /// Builds the runtime.
    ///
    /// # Errors
    ///
    /// If the kernel gives no descriptors for the driver, or if the workers cannot be [pinned](Self::pin_workers).
    ///
    /// # Panics
    ///
    /// If a multi-thread runtime is to start with its clock paused.
    #[track_caller]
    pub fn build(&mut self) -> io::Result<Runtime> {
        self.build_shared(self.config.flavor).map(Runtime::from_shared)
    }

    /// Builds a runtime that stays on this thread, so that its tasks need not be `Send`.
    ///
    /// ```
    /// use std::rc::Rc;
    /// use minato_runtime::runtime::{Builder, LocalOptions};
    /// use minato_runtime::task::spawn_local;
    ///
    /// let runtime = Builder::new_current_thread().build_local(LocalOptions::default()).unwrap();
    /// let name = Rc::new("quay");
    /// let length = runtime.block_on(async { spawn_local(async move { name.len() }).await.unwrap() });
    /// assert_eq!(length, 4);
    /// ```
    ///
    /// # Errors
    ///
    /// If the kernel gives no descriptors for the driver.
    ///
    /// # Panics
    ///
    /// If the builder is for a multi-thread runtime.
    #[track_caller]
    pub fn build_local(&mut self, _options: LocalOptions) -> io::Result<LocalRuntime> {
        assert!(
            self.config.flavor.has_one_thread(),
            "build_local: a local runtime has one thread; begin with `Builder::new_current_thread`"
        );
        self.build_shared(Flavor::Local(std::thread::current().id())).map(LocalRuntime::from_shared)
    }

    #[track_caller]
    fn build_shared(&self, flavor: Flavor) -> io::Result<SharedRef> {
        let has_one_thread = flavor.has_one_thread();
        assert!(
            !self.starts_paused || has_one_thread,
            "start_paused: only the clock of a current-thread runtime can be paused"
        );
        let workers = if has_one_thread { 1 } else { self.workers.unwrap_or_else(default_workers) };
        let seed = self.seed.map_or_else(Seed::fresh, Seed::of);
        let clock = match self.simulation {
            Some(_) => Clock::simulated(),
            None => Clock::new(self.starts_paused),
        };
        let simulation =
            self.simulation.map(|simulated| Box::new((simulated.make)(seed, simulated.keeps_trace)));
        let placement = match &*self.processors {
            [] => None,
            processors => Some(Placement::new(processors)?),
        };
        let busy_io_events_max = self.busy_io_events_max.unwrap_or(self.config.io_events_max);
        let config = Config { flavor, placement, busy_io_events_max, ..self.config.clone() };
        Shared::build(workers, config, seed, clock, simulation)
    }
}

fn default_workers() -> usize {
    std::env::var("MINATO_WORKER_THREADS")
        .ok()
        .and_then(|count| count.parse::<NonZeroUsize>().ok())
        .or_else(|| std::thread::available_parallelism().ok())
        .map_or(1, |count| count.get().min(WORKERS_MAX))
}
