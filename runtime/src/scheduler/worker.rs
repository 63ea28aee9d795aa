//! The loop of a worker: run what is queued, look around, sleep.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::Core;
use super::hands::{self, Hands};
use crate::runtime::{self, Hooks, Pinned};
use crate::task::coop::FullBudget;
use crate::time::Nanos;

/// The future that `block_on` waits for, if the worker runs inside one.
pub(super) trait Root {
    /// Whether it was woken since it was last polled.
    fn is_woken(&self) -> bool;
    /// Whether it was not, so that the thread may sleep; asked after it was announced that it does.
    fn may_sleep(&self) -> bool;
    /// Polls it if it was woken. True if it is ready.
    fn poll(&mut self) -> bool;
    /// Notes which worker the thread runs from now on.
    fn run_by(&self, worker: u32);
}

/// A worker on a thread of its own: there is no future but the tasks.
pub(super) struct NoRoot;

impl Root for NoRoot {
    fn is_woken(&self) -> bool {
        false
    }

    fn may_sleep(&self) -> bool {
        true
    }

    fn poll(&mut self) -> bool {
        false
    }

    fn run_by(&self, _: u32) {}
}

/// Looks at memory alone between two at the kernel, in a worker that does not sleep yet.
const GLANCES: usize = 64;

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    RootReady,
    ShutDown,
    /// The core was lent inside a poll. Whatever is in the hands of the thread now is to be run anew.
    Lent,
}

/// Runs the core in the hands of this thread, and whichever it has after lending it; [`End::Lent`] says that it has none.
pub(super) fn run(hands: &Hands<'_>, root: &mut dyn Root) -> End {
    loop {
        match hands.hold(|core| run_core(core, root)) {
            Some(End::Lent) => {}
            Some(end) => return end,
            None => return End::Lent,
        }
    }
}

fn run_core(core: &Core, root: &mut dyn Root) -> End {
    root.run_by(core.index);
    let _here = Here::new(core);
    core.start();
    if core.shared().config.hooks.blocked.is_some() {
        core.shared().monitor.watch(core.shared());
    }
    loop {
        if root.is_woken() && core.lets_root_go_first() {
            core.counters().root_polls.increment();
            let is_ready = Hands::poll_root(|| root.poll());
            if is_ready {
                return End::RootReady;
            }
            if hands::was_lent() {
                return End::Lent;
            }
        }
        if core.shared().is_shut_down() {
            return End::ShutDown;
        }
        let has_run = core.run_batch();
        if hands::was_lent() {
            return End::Lent;
        }
        // Looking around, or dropping what others have finished, may have woken tasks here: hence the last question.
        let is_busy = has_run || root.is_woken() || core.collect() || core.steal() || core.has_work();
        if !is_busy && !spin(core, root) {
            park(core, root);
        }
    }
}

/// Tells whom it concerns that this thread runs a core.
struct Here<'a> {
    core: &'a Core,
    _budget: FullBudget,
    _pinned: Option<Pinned>,
}

impl<'a> Here<'a> {
    fn new(core: &'a Core) -> Self {
        let config = &core.shared().config;
        core.remote().set_thread(Some(std::thread::current().id()));
        Self {
            core,
            _budget: FullBudget::set(config.task_budget),
            _pinned: config.placement.as_ref().map(|placement| placement.pin(core.index)),
        }
    }
}

impl Drop for Here<'_> {
    fn drop(&mut self) {
        if !hands::was_lent() {
            self.core.stop();
        }
    }
}

/// Looks around for as long as the builder says, in the hope that sleep is not worth it. True if there is something to do.
fn spin(core: &Core, root: &dyn Root) -> bool {
    let limit = core.shared().config.spin_before_park;
    !limit.is_zero() && spin_for(limit, core, root)
}

#[cold]
fn spin_for(limit: Duration, core: &Core, root: &dyn Root) -> bool {
    let shared = core.shared();
    if shared.clock.is_virtual() && shared.clock.is_paused() {
        return false;
    }
    let end = Instant::now() + limit;
    loop {
        core.drive(Some(Duration::ZERO));
        let is_found =
            core.has_work() || root.is_woken() || shared.is_shut_down() || core.collect() || core.steal();
        if is_found || core.has_driven_since(end) {
            return is_found || core.has_work();
        }
        let mailbox = &core.remote().mailbox;
        for _ in 0..GLANCES {
            std::hint::spin_loop();
            if !mailbox.is_empty() || root.is_woken() {
                break;
            }
        }
    }
}

/// Sleeps until there is something to do.
fn park(core: &Core, root: &dyn Root) {
    let shared = core.shared();
    let remote = core.remote();
    let is_helper = shared.remotes.len() > 1;
    let hooks = &shared.config.hooks;
    runtime::call(hooks.thread_park.as_ref());
    let _parked = Parked(hooks);
    if hooks.thread_park.is_some() && (core.has_work() || root.is_woken()) {
        return;
    }
    if is_helper {
        shared.idle.fall_asleep(core.index);
    }
    if remote.parker.announce() {
        if !root.may_sleep() || shared.is_shut_down() {
            remote.parker.wake_up();
        } else if shared.clock.is_virtual() && shared.clock.is_paused() {
            park_paused(core, root);
        } else {
            let now = Instant::now();
            core.note_park(now);
            core.drive(until_timer(core, now));
            core.note_unpark();
            remote.parker.wake_up();
        }
    }
    if is_helper {
        shared.idle.wake_up(core.index);
    }
    let is_watched = is_helper || hooks.blocked.is_some();
    // Also when nothing else is there yet: what other threads send to a worker in a long poll waits for somebody to notice.
    if is_watched && (remote.is_called.load(Relaxed) || !shared.monitor.is_watching_after_wake()) {
        shared.monitor.watch(shared);
    }
    core.restart_tick();
}

/// Tells whom it concerns that a worker goes on.
struct Parked<'a>(&'a Hooks);

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        runtime::call(self.0.thread_unpark.as_ref());
    }
}

/// How long the driver may wait: until the wheel has something to do.
fn until_timer(core: &Core, real: Instant) -> Option<Duration> {
    let next = core.with_wheel(|wheel| wheel.next_event())?;
    let shared = core.shared();
    let now = if shared.clock.is_virtual() { shared.clock.now() } else { Nanos::of(real) };
    Some(Duration::from_nanos(shared.config.ticks.start(next).0.saturating_sub(now.0)))
}

/// Sleeps while the clock stands still. If nothing is going on in the driver or the blocking pool either, and nobody
/// holds the clock, it moves to the next timer.
fn park_paused(core: &Core, root: &dyn Root) {
    let shared = core.shared();
    core.drive(Some(Duration::ZERO));
    // INVARIANT: looked at before the tellings. A job tells whom it wakes first and is counted out afterwards, so when
    // none is seen here, whoever the last one woke is seen below.
    let has_jobs = shared.blocking.in_flight() != 0;
    let was_told = core.remote().parker.was_told();
    let next = core.with_wheel(|wheel| wheel.first_deadline());
    if core.has_work() || was_told || root.is_woken() {
        core.remote().parker.wake_up();
        return;
    }
    match next {
        Some(tick) if !has_jobs && !shared.clock.is_held() => {
            core.remote().parker.wake_up();
            shared.clock.advance_to(shared.config.ticks.start(tick));
            core.fire_timers();
        }
        _ => {
            if next.is_none()
                && !has_jobs
                && let Some(say_stuck) = core.stuck_for_ever()
            {
                core.remote().parker.wake_up();
                say_stuck(core);
            }
            core.note_park(Instant::now());
            core.drive(None);
            core.note_unpark();
            core.remote().parker.wake_up();
        }
    }
}
