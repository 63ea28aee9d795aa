//! What users see of the counters.

use std::ops::Range;
use std::panic::Location;
use std::thread::ThreadId;
use std::time::Duration;

use super::counters::Counters;
use super::histogram::{self, BUCKETS};
use super::{Counter, SAMPLE_INTERVAL};
use crate::scheduler::{Remote, SharedRef};

/// What a runtime has counted of itself; made by [`Handle::metrics`](crate::runtime::Handle::metrics).
///
/// Everything here is always on. A number is read when it is asked for, while the workers go on counting: two of
/// them may be of different moments. Methods that take a number of a worker panic if there is no such worker.
///
/// Counts are exact, but times in histograms are samples: about one poll in [256](Self::sample_interval) is measured, and
/// one wait in a queue, so that polls need no look at the clock. Polls long enough to harm are caught one by one, see
/// `Builder::on_blocked`.
///
/// ```
/// use minato_runtime::runtime::Builder;
///
/// let runtime = Builder::new_current_thread().build().unwrap();
/// runtime.block_on(async { minato_runtime::spawn(async {}).await.unwrap() });
/// let metrics = runtime.metrics();
/// assert_eq!(metrics.num_workers(), 1);
/// assert_eq!(metrics.spawned_tasks_count(), 1);
/// assert_eq!(metrics.worker_poll_count(0), 1);
/// ```
#[derive(Clone, Debug)]
pub struct RuntimeMetrics {
    shared: SharedRef,
}

/// What the tasks have cost that were spawned at one place.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SpawnSite {
    /// The call that spawned them; nothing for all places beyond the 256 that a worker counts one by one.
    pub location: Option<&'static Location<'static>>,
    /// Tasks that are over.
    pub finished: u64,
    /// Polls of the tasks that are over.
    pub polls: u64,
    /// Polls that were measured, of living tasks too.
    pub measured_polls: u64,
    /// The time of the measured polls together.
    pub measured_time: Duration,
}

impl SpawnSite {
    /// How long one poll takes, by the polls that were measured.
    #[must_use]
    pub fn mean_poll_time(&self) -> Option<Duration> {
        let nanos = self.measured_time.as_nanos().checked_div(u128::from(self.measured_polls))?;
        Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }

    /// How long all polls have taken, as far as one in [so many](RuntimeMetrics::sample_interval) tells.
    #[must_use]
    pub fn estimated_time(&self) -> Duration {
        self.measured_time.saturating_mul(SAMPLE_INTERVAL)
    }
}

impl RuntimeMetrics {
    pub(crate) fn new(shared: SharedRef) -> Self {
        Self { shared }
    }

    fn remotes(&self) -> &[Remote] {
        self.shared.remotes()
    }

    #[track_caller]
    fn remote(&self, worker: usize) -> &Remote {
        let workers = self.num_workers();
        assert!(worker < workers, "the runtime has {workers} workers, and {worker} is none of them");
        &self.remotes()[worker]
    }

    #[track_caller]
    fn counters(&self, worker: usize) -> &Counters {
        &self.remote(worker).counters
    }

    fn sum(&self, counter: impl Fn(&Counters) -> &Counter) -> u64 {
        self.remotes().iter().map(|remote| counter(&remote.counters).get()).sum()
    }

    /// The number of workers; the thread in `block_on` runs one of them.
    #[must_use]
    pub fn num_workers(&self) -> usize {
        self.shared.worker_count()
    }

    /// Tasks that are not over; blocking jobs and tasks of a `LocalSet` are not counted.
    #[must_use]
    pub fn num_alive_tasks(&self) -> usize {
        // The end of a task is counted after its beginning, and read before.
        let retired = self.sum(|counters| &counters.retired);
        usize::try_from(self.spawned_tasks_count().saturating_sub(retired)).unwrap_or(usize::MAX)
    }

    /// Tasks spawned so far; blocking jobs and tasks of a `LocalSet` are not counted.
    #[must_use]
    pub fn spawned_tasks_count(&self) -> u64 {
        let remote: u64 = self.remotes().iter().map(Remote::spawns).sum();
        self.sum(|counters| &counters.spawns) + remote
    }

    /// Tasks that were spawned or woken on other threads than the workers, or on other workers than they belong to,
    /// and are not in the queue of a worker yet.
    #[must_use]
    pub fn global_queue_depth(&self) -> usize {
        let admitted = self.sum(|counters| &counters.admitted);
        let sent: u64 = self.remotes().iter().map(Remote::sends).sum();
        usize::try_from(sent.saturating_sub(admitted)).unwrap_or(usize::MAX)
    }

    /// The same as [`global_queue_depth`](Self::global_queue_depth), under its earlier name.
    #[must_use]
    pub fn injection_queue_depth(&self) -> usize {
        self.global_queue_depth()
    }

    /// Tasks so far that were spawned or woken on other threads than the workers, or on other workers than they belong
    /// to.
    #[must_use]
    pub fn remote_schedule_count(&self) -> u64 {
        self.remotes().iter().map(Remote::sends).sum()
    }

    /// Polls that ended early because the task had spent its [budget](crate::task::coop).
    #[must_use]
    pub fn budget_forced_yield_count(&self) -> u64 {
        self.sum(|counters| &counters.budget_yields)
    }

    /// Threads for blocking jobs.
    #[must_use]
    pub fn num_blocking_threads(&self) -> usize {
        self.shared.blocking.census().threads
    }

    /// Threads for blocking jobs that have none.
    #[must_use]
    pub fn num_idle_blocking_threads(&self) -> usize {
        self.shared.blocking.census().idle
    }

    /// Blocking jobs that wait for a thread.
    #[must_use]
    pub fn blocking_queue_depth(&self) -> usize {
        self.shared.blocking.census().queued
    }

    /// The thread that runs the worker; nothing if none does.
    #[must_use]
    #[track_caller]
    pub fn worker_thread_id(&self, worker: usize) -> Option<ThreadId> {
        self.remote(worker).thread()
    }

    /// How long the worker was not asleep, up to its last sleep or the last few dozen polls.
    #[must_use]
    #[track_caller]
    pub fn worker_total_busy_duration(&self, worker: usize) -> Duration {
        Duration::from_nanos(self.counters(worker).busy_nanos.get())
    }

    /// How often the worker went to sleep.
    #[must_use]
    #[track_caller]
    pub fn worker_park_count(&self, worker: usize) -> u64 {
        self.counters(worker).parks.get()
    }

    /// How often the worker went to sleep or woke: odd while it sleeps.
    #[must_use]
    #[track_caller]
    pub fn worker_park_unpark_count(&self, worker: usize) -> u64 {
        let counters = self.counters(worker);
        counters.parks.get() + counters.unparks.get()
    }

    /// How often the worker woke and polled no task before it slept again.
    #[must_use]
    #[track_caller]
    pub fn worker_noop_count(&self, worker: usize) -> u64 {
        self.counters(worker).noops.get()
    }

    /// Tasks the worker has stolen from others.
    #[must_use]
    #[track_caller]
    pub fn worker_steal_count(&self, worker: usize) -> u64 {
        self.counters(worker).steals.get()
    }

    /// How often the worker has stolen from others.
    #[must_use]
    #[track_caller]
    pub fn worker_steal_operations(&self, worker: usize) -> u64 {
        self.counters(worker).steal_operations.get()
    }

    /// Polls made by the worker.
    #[must_use]
    #[track_caller]
    pub fn worker_poll_count(&self, worker: usize) -> u64 {
        self.counters(worker).polls.get()
    }

    /// Polls on the worker that took longer than `Builder::blocked_threshold`, also of the future of `block_on`.
    ///
    /// A current-thread runtime counts them only if there is a hook for them (`Builder::on_blocked`), and one without
    /// the feature `rt-multi-thread` never: it has no thread to watch itself with.
    #[must_use]
    #[track_caller]
    pub fn worker_blocked_poll_count(&self, worker: usize) -> u64 {
        self.remote(worker).blocked_polls.get()
    }

    /// Tasks that the worker has put into its own queue: those it spawned, those it woke, and those that were woken while
    /// it ran them.
    #[must_use]
    #[track_caller]
    pub fn worker_local_schedule_count(&self, worker: usize) -> u64 {
        let counters = self.counters(worker);
        counters.spawns.get() + counters.wakes.get() + counters.self_wakes.get()
    }

    /// Tasks that were woken while the worker ran them, most of them by themselves.
    #[must_use]
    #[track_caller]
    pub fn worker_self_wake_count(&self, worker: usize) -> u64 {
        self.counters(worker).self_wakes.get()
    }

    /// How often the worker's ring was full, so that half of it moved to the backlog; never for the only worker of a runtime,
    /// which has no ring.
    #[must_use]
    #[track_caller]
    pub fn worker_overflow_count(&self, worker: usize) -> u64 {
        self.counters(worker).overflows.get()
    }

    /// Tasks in the worker's own queue.
    #[must_use]
    #[track_caller]
    pub fn worker_local_queue_depth(&self, worker: usize) -> usize {
        self.remote(worker).queue_len()
    }

    /// How long a poll takes on the worker, with what belongs to it; an average that follows the last few hundred polls.
    #[must_use]
    #[track_caller]
    pub fn worker_mean_poll_time(&self, worker: usize) -> Duration {
        self.remote(worker).poll_estimate()
    }

    /// One poll in about so many is measured for the histograms and for [`spawn_sites`](Self::spawn_sites).
    #[must_use]
    pub const fn sample_interval(&self) -> u32 {
        SAMPLE_INTERVAL
    }

    /// True: histograms are always on.
    #[must_use]
    pub const fn poll_time_histogram_enabled(&self) -> bool {
        true
    }

    /// The number of buckets of the histogram of poll times.
    #[must_use]
    pub const fn poll_time_histogram_num_buckets(&self) -> usize {
        BUCKETS
    }

    /// The poll times that a bucket counts.
    ///
    /// # Panics
    ///
    /// If there is no such bucket.
    #[must_use]
    #[track_caller]
    pub fn poll_time_histogram_bucket_range(&self, bucket: usize) -> Range<Duration> {
        histogram::range(bucket)
    }

    /// Polls of the worker that were measured and took as long as the bucket says.
    ///
    /// # Panics
    ///
    /// If there is no such worker or bucket.
    #[must_use]
    #[track_caller]
    pub fn poll_time_histogram_bucket_count(&self, worker: usize, bucket: usize) -> u64 {
        self.counters(worker).poll_time.count(bucket)
    }

    /// True: histograms are always on.
    #[must_use]
    pub const fn schedule_latency_histogram_enabled(&self) -> bool {
        true
    }

    /// The number of buckets of the histogram of schedule delays.
    #[must_use]
    pub const fn schedule_latency_histogram_num_buckets(&self) -> usize {
        BUCKETS
    }

    /// The delays that a bucket counts, each from the wake of a task to its poll.
    ///
    /// # Panics
    ///
    /// If there is no such bucket.
    #[must_use]
    #[track_caller]
    pub fn schedule_latency_histogram_bucket_range(&self, bucket: usize) -> Range<Duration> {
        histogram::range(bucket)
    }

    /// Polls of the worker whose delay was measured and was as long as the bucket says.
    ///
    /// # Panics
    ///
    /// If there is no such worker or bucket.
    #[must_use]
    #[track_caller]
    pub fn schedule_latency_histogram_bucket_count(&self, worker: usize, bucket: usize) -> u64 {
        self.counters(worker).schedule_delay.count(bucket)
    }

    /// Descriptors that have joined a driver so far.
    #[must_use]
    pub fn io_driver_fd_registered_count(&self) -> u64 {
        self.driver_sum(|census| census.registered)
    }

    /// Descriptors that have left their driver so far.
    #[must_use]
    pub fn io_driver_fd_deregistered_count(&self) -> u64 {
        self.driver_sum(|census| census.deregistered)
    }

    /// Events of descriptors that the kernel has reported so far.
    #[must_use]
    pub fn io_driver_ready_count(&self) -> u64 {
        self.driver_sum(|census| census.events)
    }

    fn driver_sum(&self, count: impl Fn(crate::driver::Census) -> u64) -> u64 {
        self.remotes().iter().filter_map(Remote::driver_handle).map(|handle| count(handle.census())).sum()
    }

    /// What tasks have cost, by the call that spawned them; those with the most polls first.
    ///
    /// Living tasks are not in the counts of tasks and polls; a [dump](crate::runtime::Handle::dump) has them.
    #[must_use]
    pub fn spawn_sites(&self) -> Vec<SpawnSite> {
        let mut sites: Vec<SpawnSite> = Vec::new();
        let tables = self.remotes().iter().filter_map(|remote| remote.counters.used_sites());
        for row in tables.flat_map(super::sites::Sites::rows) {
            let location = row.place();
            // One call may have several addresses, where generic code was compiled more than once.
            let site = match sites.iter().position(|site| site.location == location) {
                Some(place) => &mut sites[place],
                None => {
                    sites.push(SpawnSite {
                        location,
                        finished: 0,
                        polls: 0,
                        measured_polls: 0,
                        measured_time: Duration::ZERO,
                    });
                    let last = sites.len() - 1;
                    &mut sites[last]
                }
            };
            site.finished += row.finished.get();
            site.polls += row.polls.get();
            site.measured_polls += row.measured_polls.get();
            site.measured_time += Duration::from_nanos(row.measured_nanos.get());
        }
        sites.sort_by_key(|site| std::cmp::Reverse(site.polls));
        sites
    }
}
