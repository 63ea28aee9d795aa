//! The thread that watches for workers held up in one poll.
//!
//! A worker does not look at the clock for every poll, and does not wake others for work that it expects to get to
//! soon. When it is wrong, because a poll takes long, somebody else must notice: the monitor compares the number of
//! polls of each worker from one look to the next. It also corrects the estimate of how long polls take, and it
//! sends a helper to serve the driver of a worker that is stuck.
//!
//! A poll that goes on for longer than the builder's threshold is counted, and told to the user's hook with the name of
//! its task.
//!
//! It starts when a worker first leaves work waiting while others sleep, or wakes for the first
//! time; looks every millisecond, less often while
//! there is nothing to see, and sleeps when all workers do. The only worker of a runtime is watched if there is a hook to
//! be told.

use std::time::{Duration, Instant};

use super::core::HELP_DELAY_NANOS;
use super::{Remote, Shared, SharedRef, context};
use crate::dump;
use crate::isolated::isolated;
use crate::runtime::BlockedPoll;
use crate::shim::atomic::AtomicU8;
use crate::shim::atomic::Ordering::{AcqRel, Relaxed, Release, SeqCst};
use crate::shim::{Condvar, Mutex, fence};

const PERIOD_MIN: Duration = Duration::from_millis(1);
const PERIOD_MAX: Duration = Duration::from_millis(10);
/// Looks that find all workers asleep before the monitor sleeps too.
const QUIET_LOOKS: u32 = 100;

const OFF: u8 = 0;
const ASLEEP: u8 = 1;
const WATCHING: u8 = 2;
const STOPPED: u8 = 3;

#[derive(Debug)]
pub(super) struct Monitor {
    state: AtomicU8,
    lock: Mutex<()>,
    changed: Condvar,
}

impl Monitor {
    pub(super) fn new() -> Self {
        Self { state: AtomicU8::new(OFF), lock: Mutex::new(()), changed: Condvar::new() }
    }

    #[inline]
    pub(super) fn is_watching(&self) -> bool {
        self.state.load(Relaxed) == WATCHING
    }

    /// Makes sure that somebody watches.
    #[inline]
    pub(super) fn watch(&self, shared: &Shared) {
        if !self.is_watching() {
            self.start(shared);
        }
    }

    #[cold]
    fn start(&self, shared: &Shared) {
        let _lock = self.lock.lock();
        match self.state.load(Relaxed) {
            OFF => {
                let runtime = SharedRef::of(shared);
                let name = shared.config.thread_name.given("monitor");
                let thread = std::thread::Builder::new().name(name);
                // Without a thread to spare there is no watch; work still gets done by its owners.
                if thread.spawn(move || run(&runtime)).is_ok() {
                    self.state.store(WATCHING, Release);
                }
            }
            ASLEEP => {
                self.state.store(WATCHING, Release);
                self.changed.notify_all();
            }
            _ => {}
        }
    }

    pub(super) fn stop(&self) {
        let _lock = self.lock.lock();
        // A call that nobody hears is a system call all the same.
        if self.state.swap(STOPPED, AcqRel) != OFF {
            self.changed.notify_all();
        }
    }

    /// Waits for a period. False when stopped.
    fn wait(&self, period: Duration) -> bool {
        let lock = self.lock.lock();
        if self.state.load(Relaxed) != STOPPED {
            drop(self.changed.wait_timeout(lock, period));
        }
        self.state.load(Relaxed) != STOPPED
    }

    /// The step of `sleep` in which it is decided; with the lock held. True if nobody is awake.
    fn fall_asleep(&self, all_asleep: impl Fn() -> bool) -> bool {
        if self.state.compare_exchange(WATCHING, ASLEEP, AcqRel, Relaxed).is_err() {
            return false;
        }
        // ORDERING: SeqCst [watch]: either a worker that wakes now finds us asleep, or we find it awake.
        fence(SeqCst);
        if all_asleep() {
            return true;
        }
        // Only with the lock held does anybody else change the state.
        self.state.store(WATCHING, Release);
        false
    }

    /// For a worker that has just woken: whether somebody watches it.
    pub(super) fn is_watching_after_wake(&self) -> bool {
        // ORDERING: SeqCst [watch].
        fence(SeqCst);
        self.is_watching()
    }

    /// Sleeps until there is somebody to watch, unless one of the workers is awake.
    fn sleep(&self, all_asleep: impl Fn() -> bool) {
        let mut lock = self.lock.lock();
        if self.fall_asleep(all_asleep) {
            while self.state.load(Relaxed) == ASLEEP {
                lock = self.changed.wait(lock);
            }
        }
    }
}

fn run(runtime: &SharedRef) {
    runtime.config.release_thread();
    let _entered = context::enter(runtime.clone());
    let shared: &Shared = runtime;
    let mut watched: Vec<Watched> = shared.remotes.iter().map(|_| Watched::new()).collect();
    let period_max = PERIOD_MAX.min(shared.config.blocked_threshold / 2).max(PERIOD_MIN);
    let mut period = PERIOD_MIN;
    let mut quiet_looks = 0;
    while shared.monitor.wait(period) {
        let look = look(runtime, &mut watched, period);
        quiet_looks = if look.all_asleep { quiet_looks + 1 } else { 0 };
        period = if look.any_slow { PERIOD_MIN } else { (period * 2).min(period_max) };
        if quiet_looks >= QUIET_LOOKS {
            shared.monitor.sleep(|| shared.remotes.iter().all(is_quiet));
            quiet_looks = 0;
            period = PERIOD_MIN;
        }
    }
}

/// Whether nothing can be held up there.
fn is_quiet(remote: &Remote) -> bool {
    !remote.is_running.load(Relaxed) || remote.parker.is_asleep()
}

struct Look {
    all_asleep: bool,
    any_slow: bool,
}

/// What was seen of a worker.
struct Watched {
    /// The steps it had taken.
    steps: u64,
    /// When it had taken that many first; nothing if it slept since.
    since: Option<Instant>,
    is_reported: bool,
}

impl Watched {
    fn new() -> Self {
        Self { steps: 0, since: None, is_reported: false }
    }

    /// How many steps it has taken since the last look.
    fn step_to(&mut self, steps: u64, now: Instant) -> u64 {
        let made = steps - std::mem::replace(&mut self.steps, steps);
        if made != 0 || self.since.is_none() {
            self.since = Some(now);
            self.is_reported = false;
        }
        made
    }

    /// For how long it has taken none, when that is long enough to tell and was not told yet.
    fn report(&mut self, threshold: Duration, now: Instant) -> Option<Duration> {
        let running_for = now.saturating_duration_since(self.since?);
        if self.is_reported || running_for < threshold {
            return None;
        }
        self.is_reported = true;
        Some(running_for)
    }
}

/// Tells of a poll that began with the last of `steps` and still goes on.
fn report(runtime: &SharedRef, worker: usize, steps: u64, running_for: Duration) {
    let remote = &runtime.remotes[worker];
    remote.blocked_polls.increment();
    let Some(hook) = &runtime.config.hooks.blocked else { return };
    let running = remote.counters.running();
    if remote.counters.steps() != steps {
        // It is over, and the worker with another task already.
        return;
    }
    let task = running.and_then(|task| dump::find(runtime, task));
    let blocked = BlockedPoll { worker, thread: remote.thread(), task, running_for };
    isolated(|| hook(&blocked));
}

fn look(runtime: &SharedRef, watched: &mut [Watched], period: Duration) -> Look {
    let shared: &Shared = runtime;
    let threshold = shared.config.blocked_threshold;
    let now = Instant::now();
    let mut look = Look { all_asleep: true, any_slow: false };
    for (worker, (remote, watched)) in shared.remotes.iter().zip(watched).enumerate() {
        if is_quiet(remote) {
            watched.since = None;
            continue;
        }
        look.all_asleep = false;
        let steps = remote.counters.steps();
        let made = watched.step_to(steps, now);
        if made == 0 {
            look.any_slow = true;
            remote.stuck_at.store(steps, Release);
            shared.call_helper();
            if let Some(running_for) = watched.report(threshold, now) {
                report(runtime, worker, steps, running_for);
            }
            continue;
        }
        let estimate = u32::try_from(period.as_nanos() as u64 / made).unwrap_or(u32::MAX);
        if u64::from(estimate) * remote.ring_len() as u64 >= HELP_DELAY_NANOS {
            look.any_slow = true;
            remote.poll_nanos.fetch_max(estimate, Relaxed);
            shared.call_helper();
        }
    }
    look
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::*;
    use crate::scheduler::parker::Parker;
    use crate::shim::{Arc, thread};

    #[test]
    fn loom_a_worker_that_wakes_is_watched() {
        loom::model(|| {
            let shared = Arc::new((Monitor::new(), Parker::new()));
            shared.0.state.store(WATCHING, Relaxed);
            assert!(shared.1.announce());
            let worker = {
                let shared = shared.clone();
                thread::spawn(move || {
                    shared.1.wake_up();
                    shared.0.is_watching_after_wake()
                })
            };
            let sleeps = shared.0.fall_asleep(|| shared.1.is_asleep());
            let believes_watched = worker.join().unwrap();
            assert!(!(sleeps && believes_watched));
        });
    }
}
