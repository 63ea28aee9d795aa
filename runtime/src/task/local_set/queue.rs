//! The tasks of a `LocalSet`.
//!
//! A task of a set is a task like all others, but its header names no runtime and its owner is the set: so whoever wakes
//! it, on whatever thread, finds where to queue it.
//!
//! # Safety
//!
//! 1. `ready`, `known_to` and `is_closed` are touched on the thread that made the set only, which owns `registry`. Futures
//!    of the set are made, polled and dropped there.
//! 2. Other threads have three ways in: they push a woken task into the mailbox, they wake whoever polls the set, and they
//!    borrow the registry for a dump.
//! 3. When the last reference to the set goes, on whatever thread, it is closed and no task is left in it. What is dropped
//!    with it may be dropped on any thread.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::ptr;
use std::sync::Arc;
use std::task::Context;

use super::known::Known;
use crate::limits::WORKERS_MAX;
use crate::scheduler::{self, Biased, Mailbox, Push, Registry, choose_among, next_id};
use crate::sync::atomic_waker::AtomicWaker;
use crate::task::cell::{Owner, allocate_for};
use crate::task::{Home, JoinHandle, Origin, TaskRef, Turn};

/// Tasks that run before the set lets its own task go on.
const TURN_TASKS: usize = 61;
/// The worker that tasks of sets are at home with: none.
const NO_WORKER: u16 = u16::MAX - 1;
const _: () = assert!(NO_WORKER as usize >= WORKERS_MAX);

pub(crate) struct Set {
    /// Tasks from other threads, and from this one while it does not run the set.
    mailbox: Mailbox,
    /// Whoever polls the set.
    poller: AtomicWaker,
    ready: RefCell<VecDeque<TaskRef>>,
    registry: Biased<Registry>,
    /// The runtime in which the set was polled last, whose dumps show it.
    known_to: RefCell<Option<Known>>,
    is_closed: Cell<bool>,
}

// SAFETY: what is not made to be shared is confined to one thread (1).
unsafe impl Send for Set {}
// SAFETY: as above (2).
unsafe impl Sync for Set {}

thread_local! {
    /// The sets that this thread runs or has entered, the newest last.
    static CURRENT: RefCell<Vec<Place>> = const { RefCell::new(Vec::new()) };
}

struct Place {
    set: Arc<Set>,
    /// Whether the set is being run, so that it looks at its queue without being woken.
    is_run: bool,
}

/// Keeps a set current.
#[derive(Debug)]
pub(super) struct Current {
    set: *const Set,
    is_run: bool,
}

impl Drop for Current {
    fn drop(&mut self) {
        let left = CURRENT.try_with(|places| {
            let mut places = places.borrow_mut();
            // Guards of entered sets may be dropped in any order.
            let place = places
                .iter()
                .rposition(|place| ptr::eq(Arc::as_ptr(&place.set), self.set) && place.is_run == self.is_run);
            place.map(|place| places.remove(place))
        });
        drop(left);
    }
}

/// The set that `spawn_local` means on this thread.
pub(super) fn current() -> Option<Arc<Set>> {
    CURRENT.try_with(|places| places.borrow().last().map(|place| place.set.clone())).ok().flatten()
}

impl Default for Set {
    fn default() -> Self {
        Self {
            mailbox: Mailbox::default(),
            poller: AtomicWaker::new(),
            ready: RefCell::default(),
            registry: Biased::new(Registry::default()),
            known_to: RefCell::new(None),
            is_closed: Cell::new(false),
        }
    }
}

impl Set {
    /// Uses the registry; `f` runs no code of the user.
    fn with_registry<R>(&self, f: impl FnOnce(&mut Registry) -> R) -> R {
        // SAFETY: this is the thread of the set (1), and no `f` comes back here.
        unsafe { self.registry.with_owner(f) }
    }

    /// Looks at the registry from any thread; nothing if the set is using it.
    pub(super) fn try_registry<R>(&self, look: impl FnOnce(&Registry) -> R) -> Option<R> {
        self.registry.try_borrow(|registry| look(registry))
    }

    /// Has the dumps of the runtime that polls the set show it.
    fn make_known(self: &Arc<Self>) {
        scheduler::with_runtime(|runtime| {
            let Some(runtime) = runtime else { return };
            let mut known_to = self.known_to.borrow_mut();
            if !known_to.as_ref().is_some_and(|known| known.is_to(runtime.id)) {
                *known_to = Some(runtime.local_sets.add(runtime.id, self));
            }
        });
    }

    /// Makes the set current until the guard is dropped.
    pub(super) fn enter(self: &Arc<Self>, is_run: bool) -> Current {
        // A thread whose locals are being destroyed starts nothing more.
        let _ = CURRENT.try_with(|places| places.borrow_mut().push(Place { set: self.clone(), is_run }));
        Current { set: Arc::as_ptr(self), is_run }
    }

    /// Whether this thread is inside `run`, and in no other set further in.
    fn is_run_here(&self) -> bool {
        let is_here = |places: &RefCell<Vec<Place>>| {
            places.borrow().last().is_some_and(|place| place.is_run && ptr::eq(Arc::as_ptr(&place.set), self))
        };
        CURRENT.try_with(is_here).unwrap_or(false)
    }

    /// Starts a task; on the thread of the set.
    pub(super) fn spawn<F>(self: &Arc<Self>, future: F, origin: Origin) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let task = allocate_for(self.clone(), future, next_id(), ptr::null(), origin);
        // SAFETY: new, and `F::Output` is its output.
        let handle = unsafe { JoinHandle::new(task) };
        if self.is_closed.get() {
            task.cancel_queued();
            // SAFETY: cancelled, and in no registry.
            unsafe { task.retire() };
            return handle;
        }
        let now = scheduler::stamp();
        let slot = self.with_registry(|registry| registry.insert(task, now));
        task.header().record.set_home(Home { worker: NO_WORKER, slot });
        self.queue(task);
        handle
    }

    fn queue(&self, task: TaskRef) {
        task.header().record.set_stamp(scheduler::stamp());
        if self.is_run_here() {
            self.ready.borrow_mut().push_back(task);
            return;
        }
        match self.mailbox.push(task) {
            Push::First => self.poller.wake(),
            Push::Queued => {}
            Push::Closed => debug_assert!(false, "a live task met a closed set"),
        }
    }

    /// Whether all tasks are over.
    pub(super) fn is_empty(&self) -> bool {
        self.with_registry(|registry| registry.len() == 0)
    }

    /// Runs what is queued, and calls the task of `cx` again for what is queued later. The set must be current.
    pub(super) fn poll_run(self: &Arc<Self>, cx: &Context<'_>) {
        self.make_known();
        self.poller.register(cx.waker());
        if self.run() {
            cx.waker().wake_by_ref();
        }
    }

    /// Runs what is queued, up to a limit. True if something may be left to run.
    fn run(&self) -> bool {
        self.ready.borrow_mut().extend(self.mailbox.drain(ptr::null()));
        for _ in 0..TURN_TASKS {
            let Some(task) = self.take() else { return false };
            match task.run() {
                Turn::Pending => {}
                Turn::Requeue => self.ready.borrow_mut().push_back(task),
                Turn::Complete => self.bury(task),
            }
        }
        true
    }

    fn take(&self) -> Option<TaskRef> {
        let mut ready = self.ready.borrow_mut();
        if ready.is_empty() {
            ready.extend(self.mailbox.drain(ptr::null()));
        }
        match choose_among(ready.len()) {
            0 => ready.pop_front(),
            any => ready.swap_remove_back(any),
        }
    }

    fn bury(&self, task: TaskRef) {
        if let Some(home) = task.header().record.home() {
            self.with_registry(|registry| registry.remove(home.slot));
        }
        // SAFETY: complete or cancelled, and out of the registry.
        unsafe { task.retire() };
    }

    /// Drops all tasks, and takes no more. None of them runs: whoever runs the set borrows it.
    pub(super) fn close(&self) {
        self.is_closed.set(true);
        while !self.is_empty() {
            while let Some(task) = self.take() {
                task.cancel_queued();
                self.bury(task);
            }
            let tasks: Vec<TaskRef> = self.with_registry(|registry| registry.iter().collect());
            for task in tasks {
                if task.cancel_idle() {
                    self.bury(task);
                }
            }
            // What is left was claimed by a waker that has yet to leave it in the mailbox, a few instructions away.
            std::thread::yield_now();
        }
    }
}

impl Owner for Arc<Set> {
    unsafe fn schedule(&self, task: TaskRef) {
        // The set is needed for longer than the task, whose owner `self` is.
        let set = self.clone();
        set.queue(task);
    }
}
