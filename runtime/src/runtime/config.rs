//! What a builder has settled.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub(crate) type Hook = Arc<dyn Fn() + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) is_current_thread: bool,
    pub(crate) thread_name: String,
    pub(crate) thread_stack_size: Option<usize>,
    pub(crate) blocking_threads_max: usize,
    pub(crate) thread_keep_alive: Duration,
    pub(crate) on_thread_start: Option<Hook>,
    pub(crate) on_thread_stop: Option<Hook>,
}

impl Config {
    pub(crate) fn on_thread_start(&self) {
        if let Some(hook) = &self.on_thread_start {
            hook();
        }
    }

    pub(crate) fn on_thread_stop(&self) {
        if let Some(hook) = &self.on_thread_stop {
            hook();
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("is_current_thread", &self.is_current_thread)
            .field("thread_name", &self.thread_name)
            .field("thread_stack_size", &self.thread_stack_size)
            .field("blocking_threads_max", &self.blocking_threads_max)
            .field("thread_keep_alive", &self.thread_keep_alive)
            .finish_non_exhaustive()
    }
}
