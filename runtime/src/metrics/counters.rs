//! What one worker counts.

use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::Counter;
use super::histogram::Histogram;
use super::probe::Probe;
use super::sites::Sites;
use crate::task::{Id, TaskRef};

/// Written by the thread that runs the worker's core, read by anybody.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Counters {
    pub(crate) polls: Counter,
    /// Polls of futures of `block_on`.
    pub(crate) root_polls: Counter,
    /// The id of the task that is polled now; zero for none.
    running: AtomicU64,
    /// Tasks spawned by this worker, into its own queue.
    pub(crate) spawns: Counter,
    /// Tasks woken by this worker, into its own queue.
    pub(crate) wakes: Counter,
    /// Tasks that were woken while they ran here.
    pub(crate) self_wakes: Counter,
    /// Tasks that came through a mailbox.
    pub(crate) admitted: Counter,
    /// Tasks that ended here.
    pub(crate) retired: Counter,
    /// Tasks that did not fit into the ring when they came.
    pub(crate) overflows: Counter,
    pub(crate) steals: Counter,
    pub(crate) steal_operations: Counter,
    pub(crate) parks: Counter,
    pub(crate) unparks: Counter,
    /// Wakes from sleep that were for nothing.
    pub(crate) noops: Counter,
    pub(crate) busy_nanos: Counter,
    /// Polls that ended because the budget was spent.
    pub(crate) budget_yields: Counter,
    pub(crate) poll_time: Histogram,
    pub(crate) schedule_delay: Histogram,
    /// For tasks that this worker wakes.
    pub(crate) probe: Probe,
    /// For tasks that others put into its mailbox.
    pub(crate) mailbox_probe: Probe,
    sites: OnceLock<Sites>,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            polls: Counter::new(),
            root_polls: Counter::new(),
            running: AtomicU64::new(0),
            spawns: Counter::new(),
            wakes: Counter::new(),
            self_wakes: Counter::new(),
            admitted: Counter::new(),
            retired: Counter::new(),
            overflows: Counter::new(),
            steals: Counter::new(),
            steal_operations: Counter::new(),
            parks: Counter::new(),
            unparks: Counter::new(),
            noops: Counter::new(),
            busy_nanos: Counter::new(),
            budget_yields: Counter::new(),
            poll_time: Histogram::new(),
            schedule_delay: Histogram::new(),
            probe: Probe::new(),
            mailbox_probe: Probe::new(),
            sites: OnceLock::new(),
        }
    }

    /// Notes that a poll begins.
    #[inline]
    pub(crate) fn start_poll(&self, task: Id) {
        self.polls.increment();
        // ORDERING: Release [running]: after the poll was counted.
        self.running.store(task.get(), Release);
    }

    /// Notes that no task is polled.
    #[inline]
    pub(crate) fn stop_polling(&self) {
        self.running.store(0, Relaxed);
    }

    /// The id of the task that is polled now.
    pub(crate) fn running(&self) -> Option<Id> {
        // ORDERING: Acquire [running]: whoever sees the task sees its poll counted.
        Id::of(self.running.load(Acquire))
    }

    /// A number that stands still while one poll goes on, and only then for long: unless the worker sleeps.
    pub(crate) fn steps(&self) -> u64 {
        self.polls.get() + self.root_polls.get() + self.parks.get()
    }

    #[inline]
    fn sites(&self) -> &Sites {
        self.sites.get_or_init(Sites::new)
    }

    pub(super) fn used_sites(&self) -> Option<&Sites> {
        self.sites.get()
    }

    /// Notes that a task is over.
    #[inline]
    pub(crate) fn retire(&self, task: TaskRef) {
        let header = task.header();
        self.retired.increment();
        self.sites().finish(header.origin.spawned_at(), header.record.polls());
    }

    /// Notes how long a poll took, of a task spawned at `place`.
    pub(crate) fn measure(&self, place: &'static std::panic::Location<'static>, nanos: u64) {
        self.poll_time.record(nanos);
        self.sites().measure(place, nanos);
    }
}
