//! A worker's own state: one thread at a time runs it, and only that thread touches it.

use std::cell::Cell;
use std::io;
use std::time::{Duration, Instant};

use super::blocks::Blocks;
use super::queue::Owner;
use super::registry::Registry;
use super::remote::{Remote, TimerOrder};
use super::rng::Rng;
use super::{Shared, hands, queue};
use crate::driver::Driver;
use crate::isolated::{isolated, wake_isolated};
use crate::metrics::{Counters, Sampler};
use crate::runtime;
use crate::shim::atomic::Ordering::{Relaxed, Release};
use crate::task::{Home, Stamp, TaskRef, Turn};
use crate::time::Nanos;

/// A busy worker serves its driver about this often.
const DRIVE_INTERVAL: Duration = Duration::from_micros(64);
/// Waking another core costs about this much; what will wait longer is worth a call for help.
pub(super) const HELP_DELAY_NANOS: u64 = 10_000;
/// Tasks that may overtake the ring one after the other.
const NEXT_STREAK_MAX: u8 = 3;

pub(crate) struct Core {
    shared: *const Shared,
    /// What others may touch of this worker; in `shared`.
    remote: *const Remote,
    pub(super) index: u32,
    /// The same, as tasks and timers keep it.
    pub(super) home_index: u16,
    /// Whether the task woken last runs next.
    has_next: bool,
    /// How tasks run if something is to be done around each poll. An address that the builder writes down with the first such
    /// hook, so that programs without them do not hold the second copy.
    pub(super) hooked_batch: Option<RunBatch>,
    /// Whether somebody is to be told of tasks that end.
    tells_ends: bool,
    /// Whether a task spawned here has nobody to be told of, and no chance to be drawn.
    pub(super) spawns_simply: bool,
    /// Polls between looks at the clock, the driver and the mailbox.
    tick_polls: u32,
    /// Where others may take from; the only worker of a runtime has none.
    own_ring: Option<Owner>,
    pub(super) blocks: Blocks,
    /// References to the runtime in stock; see `reference`.
    pub(super) credits: Cell<usize>,
    pub(super) rng: Rng,
    next_streak: Cell<u8>,
    sampler: Sampler,
    /// What tasks are stamped with that are queued now.
    stamp: Cell<Stamp>,
    /// Since when the worker is not asleep, less what is counted already.
    busy_since: Cell<Instant>,
    /// Polls made when the worker woke last.
    polls_at_wake: Cell<u64>,
    polls_since_tick: Cell<u32>,
    last_tick: Cell<Instant>,
    last_drive: Cell<Instant>,
    /// When a poll had spent its budget first, and which poll that was.
    slice: Cell<(Instant, u64)>,
}

// SAFETY: a core moves between threads whole; `shared` outlives it, see `Cores`.
unsafe impl Send for Core {}

/// Runs queued tasks, as many as there are up to one tick. True if any ran.
pub(crate) type RunBatch = fn(&Core) -> bool;

/// Runs tasks with the hooks around each poll.
pub(crate) fn run_hooked_batch(core: &Core) -> bool {
    core.run_batch_with::<true>()
}

/// Whether a worker may go on with its core.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterTurn {
    GoOn,
    CoreIsLent,
}

impl Core {
    /// Makes the core of worker `index`, with its driver.
    ///
    /// # Errors
    ///
    /// Gives the ring back if the kernel has no descriptors left for a driver.
    pub(super) fn new(
        shared: &Shared,
        index: u32,
        ring: Option<Owner>,
    ) -> Result<Self, (Option<Owner>, io::Error)> {
        let (driver, handle) = match Driver::new(
            shared.config.ticks,
            shared.config.io_events_max,
            shared.config.busy_io_events_max,
        ) {
            Ok(driver) => driver,
            Err(error) => return Err((ring, error)),
        };
        shared.remotes[index as usize].install_driver(driver, handle);
        let now = Instant::now();
        Ok(Self {
            shared,
            remote: &raw const shared.remotes[index as usize],
            index,
            home_index: u16::try_from(index).expect("no more than `WORKERS_MAX`"),
            has_next: shared.remotes.len() != 1 && shared.config.has_lifo_slot,
            hooked_batch: shared.config.hooks.run_batch,
            tells_ends: shared.config.hooks.task_terminate.is_some(),
            spawns_simply: shared.simulation.is_none() && shared.config.hooks.task_spawn.is_none(),
            tick_polls: shared.config.event_interval,
            own_ring: ring,
            blocks: Blocks::new(),
            credits: Cell::new(0),
            rng: shared.seed.derive(index),
            next_streak: Cell::new(0),
            sampler: Sampler::new(shared.seed.derive(u32::MAX - index)),
            stamp: Cell::new(Stamp::at(Nanos::of(now).0)),
            busy_since: Cell::new(now),
            polls_at_wake: Cell::new(0),
            polls_since_tick: Cell::new(0),
            last_tick: Cell::new(now),
            last_drive: Cell::new(now),
            slice: Cell::new((now, u64::MAX)),
        })
    }

    #[inline]
    pub(crate) fn shared(&self) -> &Shared {
        // SAFETY: `Cores` drops its cores before the runtime, and whoever runs one holds a reference.
        unsafe { &*self.shared }
    }

    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    #[inline]
    pub(super) fn remote(&self) -> &Remote {
        // SAFETY: as `shared`, in a slice that neither moves nor changes its size.
        unsafe { &*self.remote }
    }

    /// The ring, if others may take from this worker. Known to the compiler where there are no others, so that nothing is left
    /// of stealing.
    #[inline(always)]
    fn ring(&self) -> Option<&Owner> {
        if cfg!(feature = "rt-multi-thread") { self.own_ring.as_ref() } else { None }
    }

    #[inline]
    pub(super) fn counters(&self) -> &Counters {
        &self.remote().counters
    }

    /// Uses the registry; `f` runs no code of the user.
    #[inline]
    pub(super) fn with_registry<R>(&self, f: impl FnOnce(&mut Registry) -> R) -> R {
        // SAFETY: the core is the owner, and no `f` comes back here.
        unsafe { self.remote().registry.with_owner(f) }
    }

    /// Puts a task that was woken here into the queue.
    #[inline(always)]
    pub(crate) fn schedule_woken(&self, task: TaskRef) {
        self.counters().wakes.increment();
        self.stamp(task);
        match self.ring() {
            Some(ring) if self.has_next => {
                if let Some(displaced) = ring.push_next(task) {
                    self.push_ring(ring, displaced);
                }
                self.consider_help();
            }
            _ => self.push_considerately(task),
        }
    }

    /// Enters a new task, and puts it at the tail of the queue.
    #[inline(always)]
    pub(super) fn queue_new(&self, task: TaskRef) {
        self.register(task);
        self.counters().spawns.increment();
        self.schedule_last(task);
    }

    #[inline]
    fn schedule_last(&self, task: TaskRef) {
        self.stamp(task);
        self.push_considerately(task);
    }

    #[inline(always)]
    fn push_considerately(&self, task: TaskRef) {
        match self.ring() {
            None => self.push_backlog(task),
            Some(ring) => {
                self.push_ring(ring, task);
                self.consider_help();
            }
        }
    }

    /// What tasks are stamped with that are queued now, and not to be measured.
    pub(super) fn coarse_stamp(&self) -> Stamp {
        self.stamp.get().unprobed()
    }

    /// Notes when a task is queued.
    #[inline]
    fn stamp(&self, task: TaskRef) {
        let stamp = self.stamp.get();
        task.header().record.set_stamp(stamp);
        if stamp.is_probed() {
            self.start_probe(task);
        }
    }

    /// Measures how long this task will wait.
    #[cold]
    fn start_probe(&self, task: TaskRef) {
        let now = Nanos::real().0;
        let stamp = Stamp::at(now);
        self.stamp.set(stamp);
        let header = task.header();
        let is_started = self.counters().probe.start(header.id, now);
        header.record.set_stamp(if is_started { stamp.probed() } else { stamp });
    }

    /// Notes how long a task has waited that is about to be polled.
    #[cold]
    fn finish_probe(&self, task: TaskRef) {
        let now = Nanos::real().0;
        let header = task.header();
        header.record.set_stamp(header.record.stamp().unprobed());
        let counters = self.shared().remotes.iter().map(|remote| &remote.counters);
        let woken_at = counters.flat_map(|counters| [&counters.probe, &counters.mailbox_probe]);
        if let Some(woken_at) = woken_at.filter_map(|probe| probe.finish(header.id)).next() {
            self.counters().schedule_delay.record(now.saturating_sub(woken_at));
        }
    }

    /// Enters a new task into the registry; before its first poll.
    #[inline]
    pub(super) fn register(&self, task: TaskRef) {
        let now = self.stamp.get();
        let slot = self.with_registry(|registry| registry.insert(task, now));
        task.header().record.set_home(Home { worker: self.home_index, slot });
    }

    #[inline]
    pub(super) fn push(&self, task: TaskRef) {
        match self.ring() {
            None => self.push_backlog(task),
            Some(ring) => self.push_ring(ring, task),
        }
    }

    #[inline]
    fn push_ring(&self, ring: &Owner, task: TaskRef) {
        if let Err(task) = ring.push(task) {
            self.push_overflow(ring, task);
        }
    }

    #[inline]
    fn push_backlog(&self, task: TaskRef) {
        // SAFETY: whoever has the core is the owner.
        unsafe { self.remote().backlog.push(task) };
    }

    #[inline]
    fn pop_backlog(&self) -> Option<TaskRef> {
        // SAFETY: whoever has the core is the owner.
        unsafe { self.remote().backlog.pop() }
    }

    #[cold]
    fn push_overflow(&self, ring: &Owner, task: TaskRef) {
        ring.pop_half(|task| self.push_backlog(task));
        if let Err(task) = ring.push(task) {
            debug_assert!(false, "half of the ring is free, and nobody else pushes");
            self.push_backlog(task);
        }
        self.counters().overflows.increment();
    }

    /// Moves what waits outside the ring into it; when it is full, the older half changes places.
    fn refill(&self) {
        let Some(ring) = self.ring() else { return };
        if self.remote().backlog.len() == 0 {
            return;
        }
        if ring.is_full() {
            ring.pop_half(|task| self.push_backlog(task));
        }
        // SAFETY: whoever has the core is the owner.
        unsafe { self.remote().backlog.drain_into(|task| ring.push(task)) };
    }

    /// Asks for help if what is queued will wait longer than it takes to wake somebody.
    #[inline]
    fn consider_help(&self) {
        if self.shared().idle.has_helpers() {
            self.call_help();
        }
    }

    #[cold]
    fn call_help(&self) {
        let queued = self.ring().map_or(0, Owner::len) as u64;
        let delay = queued * u64::from(self.remote().poll_nanos.load(Relaxed));
        if delay < HELP_DELAY_NANOS {
            // Not worth a wake if the poll that runs now is short. The monitor notices if it is not.
            self.shared().monitor.watch(self.shared());
        } else if !self.shared().idle.has_searchers() {
            self.shared().call_helper();
        }
    }

    #[inline(always)]
    fn take(&self) -> Option<TaskRef> {
        let Some(ring) = self.ring() else { return self.pop_backlog() };
        if self.has_next {
            if self.next_streak.get() < NEXT_STREAK_MAX
                && let Some(task) = ring.take_next()
            {
                self.next_streak.set(self.next_streak.get() + 1);
                return Some(task);
            }
            self.next_streak.set(0);
        }
        if let Some(task) = ring.pop().or_else(|| ring.take_next()) {
            return Some(task);
        }
        if self.remote().backlog.len() == 0 {
            return None;
        }
        self.refill();
        ring.pop()
    }

    /// Runs queued tasks, as many as there are up to one tick. True if any ran.
    ///
    /// If one of them has lent the core, the caller must not go on with it.
    pub(super) fn run_batch(&self) -> bool {
        if let Some(simulation) = &self.shared().simulation {
            return self.run_simulated_batch(simulation);
        }
        match self.hooked_batch {
            None => self.run_batch_with::<false>(),
            Some(run_batch) => run_batch(self),
        }
    }

    /// By itself, so that all registers are its own.
    #[inline(never)]
    fn run_batch_with<const HAS_POLL_HOOKS: bool>(&self) -> bool {
        let until_tick = self.tick_polls.saturating_sub(self.polls_since_tick.get()).max(1);
        let unmeasured = self.sampler.left().min(until_tick);
        let mut ran = 0;
        while ran < unmeasured
            && let Some(task) = self.take()
        {
            ran += 1;
            if self.run_task::<HAS_POLL_HOOKS>(task) == AfterTurn::CoreIsLent {
                return true;
            }
        }
        self.sampler.spend(ran);
        if self.sampler.left() == 0 {
            ran += self.run_measured::<HAS_POLL_HOOKS>();
            if hands::was_lent() {
                return true;
            }
        }
        self.counters().stop_polling();
        self.polls_since_tick.set(self.polls_since_tick.get() + ran + 1);
        if self.polls_since_tick.get() > self.tick_polls {
            self.tick();
        }
        ran != 0
    }

    #[inline(always)]
    pub(super) fn run_task<const HAS_POLL_HOOKS: bool>(&self, task: TaskRef) -> AfterTurn {
        let header = task.header();
        self.counters().start_poll(header.id);
        if header.record.stamp().is_probed() {
            self.finish_probe(task);
        }
        let is_over = if HAS_POLL_HOOKS {
            let hooks = &self.shared().config.hooks;
            task.poll_between(
                |header| runtime::call_for(hooks.before_poll.as_ref(), header),
                |header| runtime::call_for(hooks.after_poll.as_ref(), header),
            )
        } else {
            task.poll_between(|_| (), |_| ())
        };
        if hands::was_lent() {
            hands::finish_turn(task, task.end_turn(is_over));
            return AfterTurn::CoreIsLent;
        }
        // Ended only here, so that no turn has to be kept across the question above.
        self.finish(task, task.end_turn(is_over));
        AfterTurn::GoOn
    }

    /// Runs a task with an eye on the clock, and has the next wait in the queue measured.
    ///
    /// Returns how many ran: none if there is nothing to run.
    #[cold]
    fn run_measured<const HAS_POLL_HOOKS: bool>(&self) -> u32 {
        let Some(task) = self.take() else { return 0 };
        let header = task.header();
        header.record.relieve();
        let spawned_at = header.origin.spawned_at();
        let start = Instant::now();
        if self.run_task::<HAS_POLL_HOOKS>(task) == AfterTurn::CoreIsLent {
            return 1;
        }
        let end = Instant::now();
        self.counters().measure(spawned_at, end.duration_since(start).as_nanos() as u64);
        self.set_stamp(end);
        if self.counters().probe.is_free() {
            self.stamp.set(self.stamp.get().probed());
        }
        self.sampler.restart();
        1
    }

    /// Notes what time it is, for the tasks that are queued from now on.
    fn set_stamp(&self, now: Instant) {
        let stamp = Stamp::at(Nanos::of(now).0);
        self.stamp.set(if self.stamp.get().is_probed() { stamp.probed() } else { stamp });
    }

    #[inline(always)]
    pub(super) fn finish(&self, task: TaskRef, turn: Turn) {
        match turn {
            Turn::Pending => {}
            Turn::Requeue => {
                self.counters().self_wakes.increment();
                self.schedule_last(task);
            }
            Turn::Complete => self.finish_complete(task),
        }
    }

    #[inline]
    fn finish_complete(&self, task: TaskRef) {
        self.counters().retire(task);
        if self.tells_ends {
            self.shared().note_end(task);
        }
        match task.header().record.slot_at(self.home_index) {
            Some(slot) => {
                self.with_registry(|registry| registry.remove(slot));
                // SAFETY: complete, and out of the registry.
                unsafe { task.retire() };
            }
            None => self.send_home(task),
        }
    }

    /// Leaves a task that ended here to the worker that has it in its registry.
    #[cold]
    fn send_home(&self, task: TaskRef) {
        match task.header().record.home() {
            Some(home) => {
                task.publish();
                self.shared().remotes[home.worker as usize].send_retired(task);
            }
            None => debug_assert!(false, "a task ran before it was registered"),
        }
    }

    /// Looks at the clock, and at everything that may starve while the queue does not run dry.
    fn tick(&self) {
        let now = Instant::now();
        let polls = self.polls_since_tick.replace(0);
        let spent = now.duration_since(self.last_tick.replace(now)).as_nanos() as u64 / u64::from(polls);
        let remote = self.remote();
        let mean = u64::from(remote.poll_nanos.load(Relaxed));
        let mean = (mean * 3 + spent) / 4;
        remote.poll_nanos.store(u32::try_from(mean).unwrap_or(u32::MAX), Relaxed);
        self.note_busy(now);
        self.set_stamp(now);
        self.refill();
        self.collect();
        if now.duration_since(self.last_drive.get()) >= DRIVE_INTERVAL {
            self.drive(Some(Duration::ZERO));
        }
        if self.ring().is_some() {
            self.end_call();
            self.consider_help();
        }
    }

    /// Answers a call for help, if there was one: this worker is awake, and looks for work when it has none.
    pub(super) fn end_call(&self) {
        self.remote().end_call(&self.shared().idle);
    }

    /// Counts the time since the worker last woke, or was last asked.
    fn note_busy(&self, now: Instant) {
        let busy = now.saturating_duration_since(self.busy_since.replace(now));
        self.counters().busy_nanos.add(busy.as_nanos() as u64);
    }

    /// Notes that the worker goes to sleep.
    pub(super) fn note_park(&self, now: Instant) {
        self.note_busy(now);
        let counters = &self.counters();
        if counters.unparks.get() != 0 && counters.polls.get() == self.polls_at_wake.get() {
            counters.noops.increment();
        }
        counters.parks.increment();
        // SAFETY: whoever has the core is the owner.
        unsafe { self.remote().backlog.shrink() };
    }

    /// Notes that the worker woke just now.
    pub(super) fn note_unpark(&self) {
        self.busy_since.set(self.last_drive.get());
        self.polls_at_wake.set(self.counters().polls.get());
        self.counters().unparks.increment();
    }

    /// Notes that a thread begins to run the core.
    pub(super) fn start(&self) {
        let now = Instant::now();
        self.busy_since.set(now);
        self.set_stamp(now);
        self.last_tick.set(now);
        self.polls_since_tick.set(0);
    }

    /// Notes that no thread runs the core any more, for whatever reason.
    pub(super) fn stop(&self) {
        self.counters().stop_polling();
        self.note_busy(Instant::now());
        self.remote().set_thread(None);
    }

    /// The clock starts anew after sleep, which is not spent polling.
    pub(super) fn restart_tick(&self) {
        self.last_tick.set(self.last_drive.get());
        self.polls_since_tick.set(0);
    }

    /// Takes in what other threads have left. True if there is something to run now.
    pub(super) fn collect(&self) -> bool {
        let remote = self.remote();
        self.collect_retired();
        for order in remote.timer_orders.take() {
            match order {
                TimerOrder::Cancel(key) => {
                    let removed = self.with_wheel(|wheel| wheel.remove(key));
                    // Somebody else's code; the orders behind this one must not go with it.
                    isolated(|| drop(removed));
                }
                TimerOrder::Insert { deadline, timer } if timer.is_wanted() => {
                    self.with_wheel(|wheel| wheel.insert(deadline, timer.into()));
                }
                TimerOrder::Insert { .. } => {}
            }
        }
        self.admit(remote)
    }

    /// Takes the tasks that others have finished out of the registry.
    pub(super) fn collect_retired(&self) {
        for task in self.remote().take_retired(self.shared) {
            if !task.header().state.load().is_complete() {
                // Ended by a thread that had lent its core, and left to us in full.
                self.finish_complete(task);
                continue;
            }
            if let Some(home) = task.header().record.home() {
                self.with_registry(|registry| registry.remove(home.slot));
            }
            // SAFETY: the life reference came with the task.
            unsafe { task.drop_reference() };
        }
    }

    /// Takes any of the tasks that are left, at the end.
    pub(super) fn take_left(&self) -> Option<TaskRef> {
        let in_ring = self.ring().and_then(|ring| ring.take_next().or_else(|| ring.pop()));
        in_ring.or_else(|| self.pop_backlog())
    }

    /// Tasks queued.
    pub(super) fn queue_len(&self) -> usize {
        self.ring().map_or(0, Owner::len) + self.remote().backlog.len()
    }

    /// Tasks queued, at a worker that is the only one.
    pub(super) fn count_queued(&self) -> u32 {
        u32::try_from(self.remote().backlog.len()).unwrap_or(u32::MAX)
    }

    /// Takes any of the queued tasks of a worker that is the only one; the last one takes its number.
    pub(super) fn take_nth(&self, number: u32) -> Option<TaskRef> {
        // SAFETY: whoever has the core is the owner.
        unsafe { self.remote().backlog.take_nth(number as usize) }
    }

    /// Takes the tasks out of the mailbox of a worker. True if there was one.
    pub(super) fn admit(&self, from: &Remote) -> bool {
        let mut is_any = false;
        for task in from.mailbox.drain(self.shared) {
            if task.header().record.home().is_none() {
                self.register(task);
            }
            self.counters().admitted.increment();
            // One whose wait is measured is stamped already.
            if !task.header().record.stamp().is_probed() {
                task.header().record.set_stamp(self.stamp.get().unprobed());
            }
            self.push(task);
            is_any = true;
        }
        is_any
    }

    /// Serves the driver and the timers; waits for at most `timeout` if there is nothing.
    pub(super) fn drive(&self, timeout: Option<Duration>) {
        self.remote().drive(timeout, wake_isolated);
        let now = Instant::now();
        self.last_drive.set(now);
        self.set_stamp(now);
        self.fire_timers();
    }

    /// Whether the driver was served last at `time` or later.
    pub(super) fn has_driven_since(&self, time: Instant) -> bool {
        self.last_drive.get() >= time
    }

    /// Whether a poll that has spent its budget may have another one, because its time is not spent yet.
    pub(super) fn renews_budget(&self) -> bool {
        let slice = self.shared().config.task_time_slice;
        if slice.is_zero() || self.shared().simulation.is_some() {
            return false;
        }
        let (now, poll) = (Instant::now(), self.counters().steps());
        let (begun, of_poll) = self.slice.get();
        if of_poll != poll {
            self.slice.set((now, poll));
            return true;
        }
        now.duration_since(begun) < slice
    }

    /// Whether nothing is left that a thread would have to see to.
    pub(super) fn is_quiescent(&self) -> bool {
        let remote = self.remote();
        // Tasks of other workers may be queued here too: stolen ones, and those that the last poll woke.
        !self.has_work()
            && self.with_registry(|registry| registry.len() == 0)
            && remote.mailbox.is_empty()
            && remote.timer_orders.is_empty()
            && self.with_wheel(|wheel| wheel.is_empty())
            && remote.driver_handle().is_none_or(|handle| handle.cells().live() == 0)
    }

    pub(super) fn has_work(&self) -> bool {
        self.queue_len() != 0
    }

    /// Looks for work with the others. True if some was found.
    pub(super) fn steal(&self) -> bool {
        let Some(ring) = self.ring() else { return false };
        let shared = self.shared();
        let count = shared.remotes.len();
        let start = self.rng.below(count as u32) as usize;
        let found = (0..count)
            .map(|offset| (start + offset) % count)
            .filter(|&victim| victim != self.index as usize)
            .any(|victim| self.steal_from(ring, &shared.remotes[victim]));
        self.end_call();
        found
    }

    fn steal_from(&self, ring: &Owner, victim: &Remote) -> bool {
        let is_stuck = victim.is_stuck();
        // A busy worker whose queue is short gets to it sooner than we would.
        if !is_stuck && victim.expected_delay() < HELP_DELAY_NANOS / 2 {
            return false;
        }
        let Some(stealer) = &victim.stealer else { return false };
        let before = ring.len();
        if let Some(task) = stealer.steal_into(ring) {
            self.counters().steal_operations.increment();
            self.counters().steals.add((ring.len() - before) as u64 + 1);
            // Half of its queue is ours: so is what it knew of the length of polls.
            remote_estimate(self.remote(), victim);
            self.push(task);
            return true;
        }
        if !is_stuck {
            return false;
        }
        if let Some(task) = stealer.steal_next() {
            self.counters().steals.increment();
            self.push(task);
        }
        self.admit(victim);
        victim.drive(Some(Duration::ZERO), wake_isolated);
        let shared = self.shared();
        victim.rescue_timers(shared.config.ticks.floor(shared.clock.now()));
        self.has_work()
    }
}

fn remote_estimate(own: &Remote, other: &Remote) {
    let estimate = own.poll_nanos.load(Relaxed).max(other.poll_nanos.load(Relaxed));
    own.poll_nanos.store(estimate, Relaxed);
}

impl Drop for Core {
    fn drop(&mut self) {
        self.remote().is_running.store(false, Release);
        let stock = self.credits.replace(0);
        if stock != 0 {
            // SAFETY: the stock is ours; whoever drops the core holds a reference besides.
            unsafe { Shared::drop_references(self.shared, stock) };
        }
    }
}

/// The rings of `count` workers: one worker alone needs none.
pub(super) fn rings(count: usize) -> (Vec<Option<Owner>>, Vec<Option<queue::Stealer>>) {
    let ring = || {
        if count == 1 {
            (None, None)
        } else {
            {
                let (owner, stealer) = queue::new();
                (Some(owner), Some(stealer))
            }
        }
    };
    (0..count).map(|_| ring()).unzip()
}
