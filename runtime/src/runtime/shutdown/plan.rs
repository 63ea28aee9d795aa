//! What a shutdown does, and how long it waits.

use std::time::Duration;

use crate::sync::CancellationToken;
use crate::task::TaskTracker;

/// The stages of [`Runtime::shutdown`](crate::runtime::Runtime::shutdown), and how long each may take.
///
/// 1. *Signal*: the tokens are cancelled and the trackers closed: those of the plan, and those of the runtime, which are
///    [`Handle::shutdown_token`](crate::runtime::Handle::shutdown_token) and
///    [`Handle::tracker`](crate::runtime::Handle::tracker).
/// 2. *Drain*: tracked tasks have some time to end by themselves; 30 seconds by default.
/// 3. *Abort*: all tasks are dropped at their next await point. What is in the middle of a poll has some time to get
///    there; 5 seconds by default.
/// 4. *Blocking*: jobs that have begun have some time to end; 10 seconds by default. Jobs that have not are dropped.
///
/// ```
/// use std::time::Duration;
/// use minato_runtime::runtime::{Handle, Runtime, ShutdownPlan};
/// use minato_runtime::time::sleep;
///
/// let runtime = Runtime::new().unwrap();
/// runtime.block_on(async {
///     let stop = Handle::current().shutdown_token();
///     drop(Handle::current().tracker().spawn(async move {
///         stop.cancelled().await;
///         // Puts everything in order.
///         sleep(Duration::from_millis(1)).await;
///     }));
/// });
/// let report = runtime.shutdown(ShutdownPlan::new().drain(Duration::from_secs(20)));
/// assert!(report.is_clean(), "{report}");
/// ```
#[derive(Clone, Debug)]
#[must_use = "a plan does nothing by itself"]
pub struct ShutdownPlan {
    pub(super) tokens: Vec<CancellationToken>,
    pub(super) trackers: Vec<TaskTracker>,
    pub(super) drain: Duration,
    pub(super) abort: Duration,
    pub(super) blocking: Duration,
}

impl ShutdownPlan {
    /// The default plan.
    pub fn new() -> Self {
        Self {
            tokens: Vec::new(),
            trackers: Vec::new(),
            drain: Duration::from_secs(30),
            abort: Duration::from_secs(5),
            blocking: Duration::from_secs(10),
        }
    }

    /// Cancels `token` too when the shutdown begins.
    pub fn signal(mut self, token: &CancellationToken) -> Self {
        self.tokens.push(token.clone());
        self
    }

    /// Waits for what `tracker` tracks too; it may be tasks of other runtimes.
    pub fn track(mut self, tracker: &TaskTracker) -> Self {
        self.trackers.push(tracker.clone());
        self
    }

    /// How long tracked tasks have to end by themselves.
    pub fn drain(mut self, limit: Duration) -> Self {
        self.drain = limit;
        self
    }

    /// How long aborted tasks have to get to an await point and be dropped.
    pub fn abort(mut self, limit: Duration) -> Self {
        self.abort = limit;
        self
    }

    /// How long blocking jobs have to end.
    pub fn blocking(mut self, limit: Duration) -> Self {
        self.blocking = limit;
        self
    }
}

impl Default for ShutdownPlan {
    fn default() -> Self {
        Self::new()
    }
}
