//! Who runs which core, from the first to the last.
//!
//! A runtime has as many cores as workers. A core rests until a thread takes it: the one that calls `block_on`, or
//! one of the runtime's own, started when there is work for it. A core that a thread gives back with tasks, timers
//! or descriptors left goes to a thread of the runtime at once; only in a current-thread runtime does it rest, for
//! there is no other thread.
//!
//! At shutdown every thread gives its core back, and whoever gives back the last one drops what is left.

use std::io;

use super::hands::Hands;
use super::queue::Owner;
use super::roster::{Roster, Stage};
use super::worker::{self, NoRoot};
use super::{Core, Shared, SharedRef, context};
use crate::dump::Dump;
use crate::shim::atomic::Ordering::{AcqRel, Release};
use crate::shim::{Condvar, Mutex, MutexGuard};
use crate::task::TaskRef;

pub(super) struct Cores {
    state: Mutex<CoresState>,
    all_back: Condvar,
}

struct CoresState {
    /// Rings of the cores that were not made yet, the lowest number last.
    unmade: Vec<(u32, Option<Owner>)>,
    roster: Roster<Box<Core>>,
    /// Threads in `block_on` that would run a core if one came free.
    waiting: Vec<std::thread::Thread>,
    /// Somebody waits for `Stage::Closed`.
    is_end_awaited: bool,
    last_dump: LastDump,
}

/// The tasks that the end of the runtime drops.
#[derive(Default)]
enum LastDump {
    #[default]
    Unwanted,
    /// How they are noted: an address, so that programs which never ask hold nothing of it.
    Wanted(fn(&SharedRef) -> Dump),
    Taken(Dump),
}

impl std::fmt::Debug for Cores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cores").finish_non_exhaustive()
    }
}

impl Cores {
    pub(super) fn new(rings: Vec<Option<Owner>>) -> Self {
        let mut unmade: Vec<_> = (0_u32..).zip(rings).collect();
        unmade.reverse();
        let state = CoresState {
            unmade,
            roster: Roster::new(),
            waiting: Vec::new(),
            is_end_awaited: false,
            last_dump: LastDump::Unwanted,
        };
        Self { state: Mutex::new(state), all_back: Condvar::new() }
    }
}

impl Shared {
    /// Makes the first core, so that a runtime without a driver fails when it is built.
    pub(super) fn make_first_core(&self) -> io::Result<()> {
        let mut state = self.cores.state.lock();
        let core = self.make_core(&mut state.unmade)?;
        core.into_iter().for_each(|core| state.roster.add(core));
        Ok(())
    }

    fn make_core(&self, unmade: &mut Vec<(u32, Option<Owner>)>) -> io::Result<Option<Box<Core>>> {
        let Some((index, ring)) = unmade.pop() else { return Ok(None) };
        match Core::new(self, index, ring) {
            Ok(core) => Ok(Some(Box::new(core))),
            Err((ring, error)) => {
                unmade.push((index, ring));
                Err(error)
            }
        }
    }

    /// Takes a resting core; if there is none, the thread is told when one comes free.
    pub(super) fn take_core(&self, waiting: Option<&std::thread::Thread>) -> Option<Box<Core>> {
        let mut state = self.cores.state.lock();
        let core = self.take_core_locked(&mut state);
        if core.is_none()
            && let Some(thread) = waiting
            && !state.waiting.iter().any(|other| other.id() == thread.id())
        {
            state.waiting.push(thread.clone());
        }
        core
    }

    /// The thread does not wait for a core any more.
    pub(super) fn stop_waiting(&self, thread: &std::thread::Thread) {
        self.cores.state.lock().waiting.retain(|other| other.id() != thread.id());
    }

    fn take_core_locked(&self, state: &mut CoresState) -> Option<Box<Core>> {
        if !self.config.flavor.admits_this_thread() {
            return None;
        }
        let CoresState { roster, unmade, .. } = state;
        // A core that cannot be made, for want of descriptors, is one worker less.
        let core = roster.take_or_make(|| self.make_core(unmade).ok().flatten())?;
        self.idle.remove_helper();
        self.remotes[core.index as usize].is_running.store(true, Release);
        Some(core)
    }

    /// Takes back a core whose thread is done with it.
    pub(super) fn give_back(&self, core: Box<Core>) {
        let state = self.give_back_locked(self.cores.state.lock(), core);
        self.drop_if_last(state);
    }

    fn give_back_locked<'a>(
        &'a self,
        mut state: MutexGuard<'a, CoresState>,
        core: Box<Core>,
    ) -> MutexGuard<'a, CoresState> {
        if state.roster.stage() == Stage::Open && !self.is_current_thread() && !core.is_quiescent() {
            // The name of the thread is for the user's code to make.
            drop(state);
            let started = self.start_thread(core);
            state = self.cores.state.lock();
            // Without a thread to spare the core rests until the next `block_on`.
            if let Err(core) = started {
                self.rest(&mut state, core);
            }
        } else {
            self.rest(&mut state, core);
        }
        state
    }

    /// Takes a core whose thread blocks inside a poll. That counts as one more thread that may touch tasks.
    pub(super) fn lend(&self, core: Box<Core>) {
        let mut state = self.cores.state.lock();
        state.roster.begin_without_core();
        drop(self.give_back_locked(state, core));
    }

    /// Takes a resting core for a thread that has lent its own.
    pub(super) fn take_core_after_lending(&self) -> Option<Box<Core>> {
        let mut state = self.cores.state.lock();
        let core = self.take_core_locked(&mut state)?;
        state.roster.end_without_core();
        Some(core)
    }

    /// The poll in which a thread lent its core is over, and it got none back.
    pub(super) fn end_without_core(&self) {
        let mut state = self.cores.state.lock();
        state.roster.end_without_core();
        self.drop_if_last(state);
    }

    /// Takes back a core that no thread is to run for now.
    fn lay_down(&self, core: Box<Core>) {
        let mut state = self.cores.state.lock();
        self.rest(&mut state, core);
        self.drop_if_last(state);
    }

    fn rest(&self, state: &mut CoresState, core: Box<Core>) {
        self.remotes[core.index as usize].come_to_rest(&self.idle);
        self.idle.add_helper();
        state.roster.rest(core);
        state.waiting.drain(..).for_each(|thread| thread.unpark());
    }

    /// Starts a thread for a core that rests, to look for work with the others.
    pub(super) fn launch_helper(&self) {
        if self.is_current_thread() {
            return;
        }
        let Some(core) = self.take_core(None) else { return };
        self.idle.start_search();
        // It may have been called just before it was given back.
        if self.remotes[core.index as usize].is_called.swap(true, AcqRel) {
            self.idle.end_search();
        }
        self.launch(core);
    }

    fn launch(&self, core: Box<Core>) {
        if let Err(core) = self.start_thread(core) {
            self.lay_down(core);
        }
    }

    /// Makes sure that a thread runs the core of `worker`, if there are threads to run it.
    pub(crate) fn ensure_driven(&self, worker: u32) {
        if self.is_current_thread() {
            return;
        }
        let mut state = self.cores.state.lock();
        let Some(core) = state.roster.take_that(|core| core.index == worker) else { return };
        self.idle.remove_helper();
        self.remotes[worker as usize].is_running.store(true, Release);
        drop(state);
        self.launch(core);
    }

    fn start_thread(&self, core: Box<Core>) -> Result<(), Box<Core>> {
        let runtime = SharedRef::of(self);
        let config = &self.config;
        let mut thread = std::thread::Builder::new().name(config.thread_name.of(core.index));
        if let Some(size) = config.thread_stack_size {
            thread = thread.stack_size(size);
        }
        // The core goes through a slot that survives a failed start.
        let slot = std::sync::Arc::new(std::sync::Mutex::new(Some(core)));
        let handed_over = slot.clone();
        let take = |slot: &std::sync::Mutex<Option<Box<Core>>>| {
            slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
        };
        let started = thread.spawn(move || {
            let Some(core) = take(&handed_over) else { return };
            let _entered = context::enter(runtime.clone());
            let hands = Hands::new(&runtime, core);
            runtime.config.on_thread_start();
            worker::run(&hands, &mut NoRoot);
            drop(hands);
            runtime.config.on_thread_stop();
        });
        match (started, take) {
            (Ok(_), _) => Ok(()),
            (Err(_), take) => match take(&slot) {
                Some(core) => Err(core),
                None => Ok(()),
            },
        }
    }

    /// Begins the shutdown: no task is taken any more, and every thread is told to give its core back.
    pub(crate) fn shut_down(&self) {
        // ORDERING: Release, seen by workers after they were told.
        self.is_shut_down.store(true, Release);
        self.monitor.stop();
        let mut state = self.cores.state.lock();
        if state.roster.close() {
            state.waiting.drain(..).for_each(|thread| thread.unpark());
            if !self.drop_if_last(state) {
                self.remotes.iter().for_each(super::Remote::tell);
            }
        }
        self.blocking.shut_down();
    }

    /// Has the end of the runtime note which tasks it drops.
    pub(crate) fn want_last_dump(&self, collect: fn(&SharedRef) -> Dump) {
        self.cores.state.lock().last_dump = LastDump::Wanted(collect);
    }

    /// The tasks that the end of the runtime drops, if it has come so far.
    pub(crate) fn take_last_dump(&self) -> Option<Dump> {
        match std::mem::take(&mut self.cores.state.lock().last_dump) {
            LastDump::Taken(dump) => Some(dump),
            LastDump::Unwanted | LastDump::Wanted(_) => None,
        }
    }

    /// Waits until everything that belongs to the runtime is dropped, blocking jobs aside. False if that took too long.
    pub(crate) fn wait_for_cores(&self, deadline: Option<std::time::Instant>) -> bool {
        let mut state = self.cores.state.lock();
        while state.roster.stage() != Stage::Closed {
            state.is_end_awaited = true;
            let Some(deadline) = deadline else {
                state = self.cores.all_back.wait(state);
                continue;
            };
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.cores.all_back.wait_timeout(state, left).0;
        }
        true
    }

    /// Drops everything if the runtime ends and nobody else is left. False if not.
    fn drop_if_last(&self, mut state: MutexGuard<'_, CoresState>) -> bool {
        // One thread gets the cores. Another may ask, having started a thread for the core that it gave back, after
        // that thread has brought it back.
        let cores = state.roster.take_all_if_last();
        cores.map(|cores| self.drop_everything(state, cores)).is_some()
    }

    /// Drops all tasks, timers and drivers. All cores are here, so nothing else touches them.
    #[expect(clippy::vec_box, reason = "cores change hands as boxes, so that taking one moves a pointer")]
    fn drop_everything(&self, mut state: MutexGuard<'_, CoresState>, cores: Vec<Box<Core>>) {
        let unmade = std::mem::take(&mut state.unmade);
        let collect = match state.last_dump {
            LastDump::Wanted(collect) => Some(collect),
            LastDump::Unwanted | LastDump::Taken(_) => None,
        };
        drop(state);
        if let Some(collect) = collect {
            let dump = collect(&SharedRef::of(self));
            self.cores.state.lock().last_dump = LastDump::Taken(dump);
        }
        let entered = context::enter(SharedRef::of(self));
        while !self.cancel_all(&cores) {
            // A waker stands between claiming a task and leaving it in a mailbox, a few instructions away.
            std::thread::yield_now();
        }
        for remote in &self.remotes {
            for task in remote.mailbox.close(self) {
                cancel_queued(&cores, task);
            }
            remote.close_driver();
        }
        for core in &cores {
            core.drop_timers();
            core.remote().refuse_timers();
        }
        drop(entered);
        drop((cores, unmade));
        let mut state = self.cores.state.lock();
        state.roster.finish();
        let is_awaited = state.is_end_awaited;
        drop(state);
        if is_awaited {
            self.cores.all_back.notify_all();
        }
    }

    /// Cancels what can be reached now. True if no task is left.
    fn cancel_all(&self, cores: &[Box<Core>]) -> bool {
        for core in cores {
            while let Some(task) = core.take_left() {
                cancel_queued(cores, task);
            }
        }
        for remote in &self.remotes {
            for task in remote.mailbox.drain(self) {
                cancel_queued(cores, task);
            }
        }
        for core in cores {
            core.collect_retired();
            let tasks: Vec<TaskRef> = core.with_registry(|registry| registry.iter().collect());
            for task in tasks {
                if task.cancel_idle() {
                    bury(cores, task);
                }
            }
        }
        cores.iter().all(|core| core.with_registry(|registry| registry.len() == 0))
            && self.remotes.iter().all(|remote| remote.mailbox.is_empty())
    }
}

fn cancel_queued(cores: &[Box<Core>], task: TaskRef) {
    task.cancel_queued();
    bury(cores, task);
}

/// Takes a cancelled task out of its registry, and tells whoever joins it.
fn bury(cores: &[Box<Core>], task: TaskRef) {
    // All cores are here, so any of them may count it.
    cores.first().into_iter().for_each(|core| {
        core.counters().retire(task);
        core.shared().note_end(task);
    });
    if let Some(home) = task.header().record.home()
        && let Some(core) = cores.iter().find(|core| core.index == u32::from(home.worker))
    {
        core.with_registry(|registry| registry.remove(home.slot));
    }
    // SAFETY: cancelled, and out of the registry.
    unsafe { task.retire() };
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::limits::RUN_QUEUE_CAPACITY;
    use crate::runtime::{Config, Flavor};
    use crate::scheduler::{Seed, block_on};
    use crate::shim::atomic::Ordering::Relaxed;
    use crate::time::Clock;

    fn runtime(workers: usize) -> SharedRef {
        let flavor = if workers == 1 { Flavor::CurrentThread } else { Flavor::MultiThread };
        let config = Config { thread_keep_alive: std::time::Duration::ZERO, ..Config::new(flavor) };
        Shared::build(workers, config, Seed::of(1), Clock::new(false), None).unwrap()
    }

    #[test]
    fn a_thread_whose_future_ended_without_a_core_waits_for_none() {
        let runtime = runtime(1);
        let core = runtime.take_core(None).unwrap();
        block_on(&runtime, async {});
        assert!(runtime.cores.state.lock().waiting.is_empty());
        runtime.give_back(core);
        runtime.shut_down();
    }

    #[test]
    fn a_core_that_is_called_and_given_back_searches_no_more() {
        let runtime = runtime(2);
        let core = runtime.take_core(None).unwrap();
        runtime.idle.fall_asleep(core.index);
        runtime.call_helper();
        assert!(runtime.idle.has_searchers());
        runtime.give_back(core);
        assert!(!runtime.idle.has_searchers());
        runtime.shut_down();
    }

    #[test]
    fn a_core_that_is_given_back_just_before_it_is_called_does_not_search() {
        let runtime = runtime(2);
        let core = runtime.take_core(None).unwrap();
        runtime.idle.fall_asleep(core.index);
        let picked = runtime.idle.pick_sleeper().unwrap();
        runtime.give_back(core);
        runtime.call(picked);
        assert!(!runtime.idle.has_searchers());
        runtime.shut_down();
    }

    #[test]
    fn a_ring_that_is_full_leaves_its_older_half_to_the_backlog() {
        let runtime = runtime(2);
        let core = runtime.take_core(None).unwrap();
        let tasks: Vec<TaskRef> = (0..=RUN_QUEUE_CAPACITY).map(|_| task()).collect();
        tasks.iter().for_each(|task| core.push(*task));
        assert_eq!(core.counters().overflows.get(), 1);
        assert_eq!(core.remote().backlog.len(), RUN_QUEUE_CAPACITY / 2);
        assert_eq!(core.remote().queue_len(), tasks.len());
        let mut left: Vec<TaskRef> = std::iter::from_fn(|| core.take_left()).collect();
        left.rotate_left(RUN_QUEUE_CAPACITY / 2 + 1);
        assert!(left == tasks, "the older half waits behind the rest");
        tasks.into_iter().for_each(bury);
        runtime.give_back(core);
        runtime.shut_down();
    }

    fn task() -> TaskRef {
        let origin = std::panic::Location::caller().into();
        let task = crate::task::allocate(async {}, crate::task::Id::next(), std::ptr::null(), origin);
        // SAFETY: new, and its output is `()`.
        drop(unsafe { crate::task::JoinHandle::<()>::new(task) });
        task
    }

    fn bury(task: TaskRef) {
        task.cancel_queued();
        // SAFETY: cancelled, and in no registry.
        unsafe { task.retire() };
    }

    /// tokio-rs/tokio#8065: another worker was woken for every message of two tasks that answer each other.
    #[test]
    fn a_push_wakes_another_worker_only_if_it_would_wait_longer_than_that() {
        let runtime = runtime(2);
        let core = runtime.take_core(None).unwrap();
        let sleeper = runtime.take_core(None).unwrap();
        runtime.idle.fall_asleep(sleeper.index);
        core.remote().poll_nanos.store(100, Relaxed);
        (0..20).for_each(|_| core.schedule_woken(task()));
        assert!(!runtime.idle.has_searchers());
        core.remote().poll_nanos.store(20_000, Relaxed);
        core.schedule_woken(task());
        assert!(runtime.idle.has_searchers());
        // None of them is in a registry, so that no worker may run them.
        std::iter::from_fn(|| core.take_left()).for_each(bury);
        runtime.give_back(sleeper);
        runtime.give_back(core);
        runtime.shut_down();
    }
}
