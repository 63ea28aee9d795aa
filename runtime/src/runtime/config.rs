//! What a builder has settled.

use std::borrow::Cow;
use std::fmt;
use std::thread::ThreadId;
use std::time::Duration;

use super::Placement;
use super::hooks::{self, Hooks, NameHook};
use crate::isolated::isolated;
use crate::limits::{BLOCKING_THREADS_MAX, COOP_BUDGET, IO_EVENTS_PER_TURN};
use crate::time::Ticks;

/// Which threads run the cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavor {
    /// Those in `block_on`, one at a time.
    CurrentThread,
    /// One for ever, so that tasks need not be `Send`.
    Local(ThreadId),
    /// Those in `block_on`, and threads of the runtime's own.
    #[cfg(feature = "rt-multi-thread")]
    MultiThread,
}

impl Flavor {
    /// Whether this thread may run a core.
    pub(crate) fn admits_this_thread(self) -> bool {
        match self {
            Self::Local(owner) => std::thread::current().id() == owner,
            _ => true,
        }
    }

    /// Whether tasks run only while somebody is in `block_on`. Known to the compiler where there is no other flavor, so
    /// that nothing is left of starting threads.
    pub(crate) fn has_one_thread(self) -> bool {
        match self {
            Self::CurrentThread | Self::Local(_) => true,
            #[cfg(feature = "rt-multi-thread")]
            Self::MultiThread => false,
        }
    }
}

#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) flavor: Flavor,
    pub(crate) name: Option<String>,
    pub(crate) thread_name: ThreadName,
    pub(crate) thread_stack_size: Option<usize>,
    pub(crate) blocking_threads_max: usize,
    pub(crate) thread_keep_alive: Duration,
    pub(crate) ticks: Ticks,
    pub(crate) hooks: Hooks,
    pub(crate) unhandled_panic: UnhandledPanic,
    /// Polls between looks at the clock, the driver and the mailbox.
    pub(crate) event_interval: u32,
    pub(crate) io_events_max: usize,
    /// The same, of a worker that has tasks to run.
    pub(crate) busy_io_events_max: usize,
    /// How long a worker with nothing to do looks around before it sleeps.
    pub(crate) spin_before_park: Duration,
    pub(crate) placement: Option<Placement>,
    /// Operations on our primitives that a poll may do.
    pub(crate) task_budget: u8,
    /// For how long a poll may go on after that many.
    pub(crate) task_time_slice: Duration,
    pub(crate) has_lifo_slot: bool,
    /// What a poll may take before it is reported.
    #[cfg_attr(not(feature = "rt-multi-thread"), expect(dead_code, reason = "the monitor alone asks"))]
    pub(crate) blocked_threshold: Duration,
}

impl Config {
    pub(crate) fn new(flavor: Flavor) -> Self {
        Self {
            flavor,
            name: None,
            thread_name: ThreadName::Prefix(Cow::Borrowed("minato")),
            thread_stack_size: None,
            blocking_threads_max: BLOCKING_THREADS_MAX,
            thread_keep_alive: Duration::from_secs(10),
            ticks: Ticks::Milliseconds,
            hooks: Hooks::default(),
            unhandled_panic: UnhandledPanic::Ignore,
            event_interval: 61,
            io_events_max: IO_EVENTS_PER_TURN,
            busy_io_events_max: IO_EVENTS_PER_TURN,
            spin_before_park: Duration::ZERO,
            placement: None,
            task_budget: COOP_BUDGET,
            task_time_slice: Duration::ZERO,
            has_lifo_slot: true,
            blocked_threshold: Duration::from_millis(100),
        }
    }

    /// Lets a thread that runs no worker run anywhere.
    pub(crate) fn release_thread(&self) {
        if let Some(placement) = &self.placement {
            placement.release();
        }
    }

    pub(crate) fn on_thread_start(&self) {
        hooks::call(self.hooks.thread_start.as_ref());
    }

    pub(crate) fn on_thread_stop(&self) {
        hooks::call(self.hooks.thread_stop.as_ref());
    }
}

/// What the threads of a runtime are called.
#[derive(Clone)]
pub(crate) enum ThreadName {
    /// This, and what they are for.
    Prefix(Cow<'static, str>),
    /// What the user's function says.
    Made(NameHook),
}

impl ThreadName {
    /// The name of the next thread; calls the user's function.
    pub(crate) fn of(&self, purpose: impl fmt::Display) -> String {
        let mut name = None;
        if let Self::Made(make) = self {
            isolated(|| name = Some(make()));
        }
        name.map_or_else(|| self.given(purpose), without_nul)
    }

    /// The name of a thread that runs no code of the user but hooks; calls nothing.
    pub(crate) fn given(&self, purpose: impl fmt::Display) -> String {
        match self {
            Self::Prefix(prefix) => without_nul(format!("{prefix}-{purpose}")),
            Self::Made(_) => format!("minato-{purpose}"),
        }
    }
}

/// The standard library panics over a name with a NUL, and the core that the thread was for would be lost with it.
fn without_nul(mut name: String) -> String {
    name.retain(|char| char != '\0');
    name
}

/// What happens when a task panics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnhandledPanic {
    /// Whoever awaits the handle of the task learns of it, and nobody else.
    #[default]
    Ignore,
    /// The runtime shuts down, and all calls of `block_on` panic.
    ShutdownRuntime,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("flavor", &self.flavor)
            .field("name", &self.name)
            .field("thread_stack_size", &self.thread_stack_size)
            .field("blocking_threads_max", &self.blocking_threads_max)
            .field("thread_keep_alive", &self.thread_keep_alive)
            .field("ticks", &self.ticks)
            .finish_non_exhaustive()
    }
}
