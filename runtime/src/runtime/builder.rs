//! Settling what a runtime is like.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use super::{Config, Flavor, LocalOptions, LocalRuntime, Runtime};
use crate::limits::{BLOCKING_THREADS_MAX, WORKERS_MAX};
use crate::scheduler::{Seed, Shared, SharedRef, Simulation};
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
    simulation: Option<KeepsTrace>,
}

/// Whether a simulated runtime keeps the events of its trace.
#[derive(Clone, Copy, Debug)]
struct KeepsTrace(bool);

impl Builder {
    fn new(flavor: Flavor) -> Self {
        Self {
            workers: None,
            config: Config {
                flavor,
                name: None,
                thread_name: "minato".to_owned(),
                thread_stack_size: None,
                blocking_threads_max: BLOCKING_THREADS_MAX,
                thread_keep_alive: Duration::from_secs(10),
                ticks: Ticks::Milliseconds,
                on_thread_start: None,
                on_thread_stop: None,
            },
            seed: None,
            starts_paused: false,
            simulation: None,
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
        builder.simulation = Some(KeepsTrace(false));
        builder
    }

    /// Makes a simulated runtime keep the events of its trace.
    pub(super) fn keep_trace(&mut self, keeps_trace: bool) -> &mut Self {
        self.simulation = self.simulation.map(|_| KeepsTrace(keeps_trace));
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
        self.config.thread_name = name.into();
        self
    }

    /// The stack of the runtime's threads, in bytes; that of the standard library by default.
    pub fn thread_stack_size(&mut self, bytes: usize) -> &mut Self {
        self.config.thread_stack_size = Some(bytes);
        self
    }

    /// Runs `hook` on every thread of the runtime before it does anything.
    pub fn on_thread_start(&mut self, hook: impl Fn() + Send + Sync + 'static) -> &mut Self {
        self.config.on_thread_start = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` on every thread of the runtime before it ends.
    pub fn on_thread_stop(&mut self, hook: impl Fn() + Send + Sync + 'static) -> &mut Self {
        self.config.on_thread_stop = Some(Arc::new(hook));
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
    /// If the kernel gives no descriptors for the driver.
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
            self.config.flavor != Flavor::MultiThread,
            "build_local: a local runtime has one thread; begin with `Builder::new_current_thread`"
        );
        self.build_shared(Flavor::Local(std::thread::current().id())).map(LocalRuntime::from_shared)
    }

    #[track_caller]
    fn build_shared(&self, flavor: Flavor) -> io::Result<SharedRef> {
        let has_one_thread = flavor != Flavor::MultiThread;
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
        let simulation = self.simulation.map(|KeepsTrace(keeps)| Box::new(Simulation::new(seed, keeps)));
        Shared::build(workers, Config { flavor, ..self.config.clone() }, seed, clock, simulation)
    }
}

fn default_workers() -> usize {
    std::env::var("MINATO_WORKER_THREADS")
        .ok()
        .and_then(|count| count.parse::<NonZeroUsize>().ok())
        .or_else(|| std::thread::available_parallelism().ok())
        .map_or(1, |count| count.get().min(WORKERS_MAX))
}
