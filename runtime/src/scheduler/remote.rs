//! What other threads may touch of a worker.

use std::sync::{Arc, OnceLock};
use std::task::Waker;
use std::thread::ThreadId;
use std::time::Duration;

use super::Shared;
use super::backlog::Backlog;
use super::biased::Biased;
use super::idle::Idle;
use super::mailbox::{Mailbox, Push};
use super::parker::Parker;
use super::queue::Stealer;
use super::registry::Registry;
use crate::driver::{Driver, DriverHandle};
use crate::isolated::wake_isolated;
use crate::limits::RETIRED_MAX;
use crate::metrics::{Counter, Counters, SAMPLE_INTERVAL};
use crate::shim::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use crate::shim::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize};
use crate::shim::{Mutex, fence};
use crate::task::{Stamp, TaskRef};
use crate::time::{ForeignTimer, Key, Nanos, Wheel};

/// A worker, seen from outside.
#[repr(align(128))]
pub(crate) struct Remote {
    /// None for the only worker.
    pub(super) stealer: Option<Stealer>,
    /// Tasks that others may not take; used by its owner only.
    pub(super) backlog: Backlog,
    /// Tasks from other threads.
    pub(super) mailbox: Mailbox,
    /// Tasks of this worker that others have finished, to be taken out of its registry.
    pub(super) retired: Mailbox,
    retired_count: AtomicUsize,
    pub(super) parker: Parker,
    /// The timers of this worker; used by its owner without a lock.
    pub(super) wheel: Biased<Wheel>,
    /// The worker's own, but for those who look while it does not.
    pub(super) registry: Biased<Registry>,
    pub(super) timer_orders: TimerOrders,
    driver_handle: OnceLock<DriverHandle>,
    /// Waits for the kernel; held while doing so.
    driver: Mutex<Option<Driver>>,
    /// Called to help: look for work once before sleeping again.
    pub(super) is_called: AtomicBool,
    /// Whether a thread runs the core.
    pub(super) is_running: AtomicBool,
    pub(crate) counters: Counters,
    /// Polls that the monitor found to take too long; it alone writes this.
    pub(crate) blocked_polls: Counter,
    /// The thread that runs the core.
    thread: Mutex<Option<ThreadId>>,
    /// New tasks that others have put into the mailbox.
    spawns: AtomicU64,
    /// Woken tasks that others have put into the mailbox.
    wakes: AtomicU64,
    /// How long a poll takes, in nanoseconds; an estimate of the owner, corrected by the monitor.
    pub(super) poll_nanos: AtomicU32,
    /// The number of steps at which the monitor found the worker held up in one poll.
    pub(super) stuck_at: AtomicU64,
}

impl Remote {
    /// A worker with its wheel.
    pub(super) fn new(stealer: Option<Stealer>, wheel: Wheel) -> Self {
        Self {
            stealer,
            backlog: Backlog::new(),
            mailbox: Mailbox::new(),
            retired: Mailbox::new(),
            retired_count: AtomicUsize::new(0),
            parker: Parker::new(),
            wheel: Biased::new(wheel),
            registry: Biased::new(Registry::default()),
            timer_orders: TimerOrders::default(),
            driver_handle: OnceLock::new(),
            driver: Mutex::new(None),
            is_called: AtomicBool::new(false),
            is_running: AtomicBool::new(false),
            counters: Counters::new(),
            blocked_polls: Counter::new(),
            thread: Mutex::new(None),
            spawns: AtomicU64::new(0),
            wakes: AtomicU64::new(0),
            poll_nanos: AtomicU32::new(0),
            stuck_at: AtomicU64::new(u64::MAX),
        }
    }

    /// Gives the worker its driver; once.
    pub(super) fn install_driver(&self, driver: Driver, handle: DriverHandle) {
        if self.driver_handle.set(handle).is_ok() {
            *self.driver.lock() = Some(driver);
        }
    }

    pub(crate) fn driver_handle(&self) -> Option<&DriverHandle> {
        self.driver_handle.get()
    }

    /// Makes the worker look around, waking it if it sleeps.
    pub(super) fn tell(&self) {
        if self.parker.tell()
            && let Some(handle) = self.driver_handle()
        {
            handle.wake();
        }
    }

    /// Hands a task over. Fails once the runtime has shut down.
    pub(super) fn send(&self, task: TaskRef) -> Result<(), TaskRef> {
        match self.mailbox.push(task) {
            Push::First => self.tell(),
            Push::Queued => {}
            Push::Closed => return Err(task),
        }
        Ok(())
    }

    /// Counts a new task that goes into the mailbox.
    pub(super) fn count_spawn(&self, task: TaskRef) {
        let spawns = self.spawns.fetch_add(1, Relaxed);
        self.probe(spawns, task);
    }

    /// Takes back that count: the mailbox is closed.
    pub(super) fn uncount_spawn(&self) {
        self.spawns.fetch_sub(1, Relaxed);
    }

    /// Counts a woken task that goes into the mailbox.
    pub(super) fn count_wake(&self, task: TaskRef) {
        let wakes = self.wakes.fetch_add(1, Relaxed);
        self.probe(wakes, task);
    }

    /// Measures how long one task in so many waits in the mailbox.
    fn probe(&self, count: u64, task: TaskRef) {
        if count.is_multiple_of(u64::from(SAMPLE_INTERVAL)) && self.counters.mailbox_probe.is_free() {
            let now = Nanos::real().0;
            let header = task.header();
            if self.counters.mailbox_probe.start(header.id, now) {
                header.record.set_stamp(Stamp::at(now).probed());
            }
        }
    }

    /// Calls the worker to help, unless it rests.
    pub(super) fn call(&self, idle: &Idle) {
        idle.start_search();
        if self.is_called.swap(true, Relaxed) {
            idle.end_search();
        }
        // ORDERING: SeqCst [call]: either the worker that comes to rest sees the call, or we see that it rests.
        fence(SeqCst);
        if !self.is_running.load(Relaxed) {
            self.end_call(idle);
        }
    }

    /// Ends a call for help, if there was one.
    pub(super) fn end_call(&self, idle: &Idle) {
        if self.is_called.load(Relaxed) && self.is_called.swap(false, Relaxed) {
            idle.end_search();
        }
    }

    /// Notes that no thread runs the core any more. A call for help that was not answered would keep all others from
    /// being made.
    pub(super) fn come_to_rest(&self, idle: &Idle) {
        self.is_running.store(false, Release);
        // ORDERING: SeqCst [call].
        fence(SeqCst);
        self.end_call(idle);
    }

    /// Looks at the tasks of the worker, none of which is freed meanwhile; nothing if the worker is inside, or somebody else
    /// looks.
    pub(crate) fn try_registry<R>(&self, look: impl FnOnce(&Registry) -> R) -> Option<R> {
        self.registry.try_borrow(|registry| look(registry))
    }

    /// Whether a thread runs the core, at some recent moment.
    pub(crate) fn is_running(&self) -> bool {
        self.is_running.load(Relaxed)
    }

    pub(crate) fn is_asleep(&self) -> bool {
        self.parker.is_asleep()
    }

    /// Notes which thread runs the core.
    pub(super) fn set_thread(&self, thread: Option<ThreadId>) {
        *self.thread.lock() = thread;
    }

    pub(crate) fn thread(&self) -> Option<ThreadId> {
        *self.thread.lock()
    }

    /// New tasks that came through the mailbox so far.
    pub(crate) fn spawns(&self) -> u64 {
        self.spawns.load(Relaxed)
    }

    /// Tasks that came through the mailbox so far, new ones and woken ones.
    pub(crate) fn sends(&self) -> u64 {
        self.spawns() + self.wakes.load(Relaxed)
    }

    /// Tasks that others may take, at some recent moment.
    pub(super) fn ring_len(&self) -> usize {
        self.stealer.as_ref().map_or(0, Stealer::len)
    }

    /// Tasks in the queue of the worker.
    pub(crate) fn queue_len(&self) -> usize {
        self.ring_len() + self.backlog.len()
    }

    /// How long a poll takes, as far as the worker can tell.
    pub(crate) fn poll_estimate(&self) -> Duration {
        Duration::from_nanos(u64::from(self.poll_nanos.load(Relaxed)))
    }

    /// Hands a finished task back to the worker that has it in its registry.
    pub(super) fn send_retired(&self, task: TaskRef) {
        self.retired.push(task);
        if self.retired_count.fetch_add(1, AcqRel) == RETIRED_MAX {
            self.tell();
        }
    }

    pub(super) fn take_retired(&self, owner: *const Shared) -> super::mailbox::Drain {
        if !self.retired.is_empty() {
            self.retired_count.store(0, Relaxed);
        }
        self.retired.drain(owner)
    }

    /// How long the last task in the ring will wait, in nanoseconds.
    pub(super) fn expected_delay(&self) -> u64 {
        self.ring_len() as u64 * u64::from(self.poll_nanos.load(Relaxed))
    }

    /// Whether the monitor found the worker held up, in a poll that still goes on.
    pub(super) fn is_stuck(&self) -> bool {
        self.stuck_at.load(Acquire) == self.counters.steps()
    }

    /// Serves the driver, unless somebody else is doing so. False if somebody is.
    pub(super) fn drive(&self, timeout: Option<Duration>, wake: impl FnMut(Waker)) -> bool {
        let Some(handle) = self.driver_handle() else { return false };
        let Some(mut driver) = self.driver.try_lock() else { return false };
        if let Some(driver) = &mut *driver {
            // INVARIANT: a worker that was told does not wait. Looked at with the driver in hand, because a helper that
            // had it before may have taken the telling out of it, and the kernel tells only once.
            let timeout = if self.parker.was_told() { Some(Duration::ZERO) } else { timeout };
            // Of the errors epoll_wait can give, all but EINTR mean that the descriptor or the memory behind it is
            // wrong; then nothing sensible can go on.
            driver.turn(timeout, handle, wake).expect("the driver cannot wait for the kernel");
        }
        true
    }

    /// Wakes all who ask for a timer, to find the runtime gone; whoever asks from now on is told at once.
    pub(super) fn refuse_timers(&self) {
        for order in self.timer_orders.close() {
            if let TimerOrder::Insert { timer, .. } = order {
                wake_isolated(Waker::from(timer));
            }
        }
    }

    /// Closes the driver: all its descriptors fail from now on.
    pub(super) fn close_driver(&self) {
        let driver = self.driver.lock().take();
        if let Some(handle) = self.driver_handle() {
            handle.shut_down(wake_isolated);
        }
        drop(driver);
    }
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote")
            .field("is_running", &self.is_running.load(Relaxed))
            .field("queued", &self.queue_len())
            .finish_non_exhaustive()
    }
}

/// What others ask of the wheel of a worker.
#[derive(Debug, Default)]
pub(super) struct TimerOrders {
    has_some: AtomicBool,
    orders: Mutex<Orders>,
}

#[derive(Debug, Default)]
struct Orders {
    list: Vec<TimerOrder>,
    /// The runtime has ended, and nobody will look any more.
    is_closed: bool,
}

#[derive(Debug)]
pub(super) enum TimerOrder {
    /// A timer was dropped elsewhere.
    Cancel(Key),
    /// A thread that is no worker waits.
    Insert { deadline: Nanos, timer: Arc<ForeignTimer> },
}

impl TimerOrders {
    /// Leaves an order; returns how many wait. Gives it back if the runtime has ended.
    pub(super) fn push(&self, order: TimerOrder) -> Result<usize, TimerOrder> {
        let mut orders = self.orders.lock();
        if orders.is_closed {
            return Err(order);
        }
        orders.list.push(order);
        // ORDERING: Release, seen by `take`; whoever must not wait tells the worker afterwards.
        self.has_some.store(true, Release);
        Ok(orders.list.len())
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.has_some.load(Acquire)
    }

    pub(super) fn take(&self) -> Vec<TimerOrder> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut orders = self.orders.lock();
        self.has_some.store(false, Relaxed);
        std::mem::take(&mut orders.list)
    }

    /// Takes what is there, and lets nothing more in. With the lock, whatever the flag says: an order is either taken here
    /// or refused.
    pub(super) fn close(&self) -> Vec<TimerOrder> {
        let mut orders = self.orders.lock();
        orders.is_closed = true;
        self.has_some.store(false, Relaxed);
        std::mem::take(&mut orders.list)
    }
}

/// All workers of a runtime.
pub(super) type Remotes = Box<[Remote]>;

#[cfg(all(test, not(loom)))]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::time::Ticks;

    #[test]
    fn a_telling_that_a_helper_took_out_of_the_driver_still_ends_the_sleep() {
        let remote = Remote::new(None, Wheel::new(Ticks::Milliseconds, 0));
        let (driver, handle) = Driver::new(Ticks::Milliseconds, 8, 8).unwrap();
        remote.install_driver(driver, handle);
        assert!(remote.parker.announce());
        remote.tell();
        // A helper serves the driver just before its owner does.
        assert!(remote.drive(Some(Duration::ZERO), Waker::wake));
        let start = Instant::now();
        assert!(remote.drive(Some(Duration::from_secs(5)), Waker::wake));
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
