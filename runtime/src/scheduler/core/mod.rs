//! A worker's own state: one thread at a time runs it, and only that thread touches it.
//!
//! - this file: what it is made of, and how a thread begins and ends with it
//! - `queueing`: where tasks wait for their turn
//! - `running`: their turns
//! - `stamps`: when they were queued
//! - `rounds`: what is seen to between turns
//! - `stealing`: taking work from others

mod queueing;
mod rounds;
mod running;
mod stamps;
mod stealing;

use std::cell::Cell;
use std::io;
use std::time::Instant;

use super::blocks::Blocks;
use super::queue::Owner;
use super::registry::Registry;
use super::remote::Remote;
use super::rng::Rng;
use super::{Shared, queue};
use crate::driver::Driver;
use crate::metrics::{Counters, Sampler};
use crate::shim::atomic::Ordering::Release;
use crate::task::{Home, Stamp, TaskRef};
use crate::time::Nanos;
pub(in crate::scheduler) use running::AfterTurn;
pub(crate) use running::{RunBatch, run_hooked_batch};

/// Waking another core costs about this much; what will wait longer is worth a call for help.
pub(super) const HELP_DELAY_NANOS: u64 = 10_000;

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

    /// Enters a new task into the registry; before its first poll.
    #[inline]
    pub(super) fn register(&self, task: TaskRef) {
        let now = self.stamp.get();
        let slot = self.with_registry(|registry| registry.insert(task, now));
        task.header().record.set_home(Home { worker: self.home_index, slot });
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
