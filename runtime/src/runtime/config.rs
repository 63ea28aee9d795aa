//! What a builder has settled.

use std::fmt;
use std::sync::Arc;
use std::thread::ThreadId;
use std::time::Duration;

use crate::isolated::isolated;
use crate::time::Ticks;

pub(crate) type Hook = Arc<dyn Fn() + Send + Sync>;

/// Which threads run the cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavor {
    /// Those in `block_on`, one at a time.
    CurrentThread,
    /// One for ever, so that tasks need not be `Send`.
    Local(ThreadId),
    /// Those in `block_on`, and threads of the runtime's own.
    #[cfg_attr(not(feature = "rt-multi-thread"), expect(dead_code, reason = "no such runtime can be built"))]
    MultiThread,
}

impl Flavor {
    /// Whether this thread may run a core.
    pub(crate) fn admits_this_thread(self) -> bool {
        match self {
            Self::CurrentThread | Self::MultiThread => true,
            Self::Local(owner) => std::thread::current().id() == owner,
        }
    }
}

#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) flavor: Flavor,
    pub(crate) name: Option<String>,
    pub(crate) thread_name: String,
    pub(crate) thread_stack_size: Option<usize>,
    pub(crate) blocking_threads_max: usize,
    pub(crate) thread_keep_alive: Duration,
    pub(crate) ticks: Ticks,
    pub(crate) on_thread_start: Option<Hook>,
    pub(crate) on_thread_stop: Option<Hook>,
}

impl Config {
    pub(crate) fn on_thread_start(&self) {
        if let Some(hook) = &self.on_thread_start {
            isolated(|| hook());
        }
    }

    pub(crate) fn on_thread_stop(&self) {
        if let Some(hook) = &self.on_thread_stop {
            isolated(|| hook());
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("flavor", &self.flavor)
            .field("name", &self.name)
            .field("thread_name", &self.thread_name)
            .field("thread_stack_size", &self.thread_stack_size)
            .field("blocking_threads_max", &self.blocking_threads_max)
            .field("thread_keep_alive", &self.thread_keep_alive)
            .field("ticks", &self.ticks)
            .finish_non_exhaustive()
    }
}
