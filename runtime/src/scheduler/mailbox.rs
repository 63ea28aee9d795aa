//! Tasks for a worker, from everybody else.
//!
//! A stack that anyone pushes to and that is emptied by one swap, so there is no ABA problem and no lock. A push
//! tells whether the box was empty: only then does the worker need to be told, since it empties the box as a whole.
//!
//! Invariants
//! 1. `link` of a task in the box belongs to the box. Whoever takes tasks out says whose they are, so that each leaves with
//!    its runtime there again (4 of the header).
//! 2. Once closed the box stays closed and empty.

use std::ptr;

use super::Shared;
use crate::shim::atomic::AtomicPtr;
use crate::shim::atomic::Ordering::{AcqRel, Relaxed, Release};
use crate::task::{Header, TaskRef};

pub(crate) struct Mailbox {
    top: AtomicPtr<Header>,
}

/// What a push found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Push {
    /// The box was empty: the worker must be told.
    First,
    /// Whoever pushed first tells the worker.
    Queued,
    /// The box is closed; the task was not taken.
    Closed,
}

/// The address that marks a closed box; never followed.
fn closed() -> *mut Header {
    ptr::without_provenance_mut(1)
}

impl Default for Mailbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Mailbox {
    pub(crate) fn new() -> Self {
        Self { top: AtomicPtr::new(ptr::null_mut()) }
    }

    pub(crate) fn push(&self, task: TaskRef) -> Push {
        let link = &task.header().link;
        let runtime = link.load(Relaxed);
        let mut top = self.top.load(Relaxed);
        loop {
            if top == closed() {
                link.store(runtime, Relaxed);
                return Push::Closed;
            }
            link.store(top.cast(), Relaxed);
            // ORDERING: Release [drain]: publishes the task and its link.
            match self.top.compare_exchange_weak(top, task.as_ptr(), Release, Relaxed) {
                Ok(_) => return if top.is_null() { Push::First } else { Push::Queued },
                Err(actual) => top = actual,
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        let top = self.top.load(Relaxed);
        top.is_null() || top == closed()
    }

    /// Takes everything, oldest first: tasks of the runtime at `owner`.
    pub(crate) fn drain(&self, owner: *const Shared) -> Drain {
        if self.is_empty() {
            return Drain::nothing();
        }
        // ORDERING: AcqRel [drain]. Acquire sees the tasks; the Release half keeps the chain of pushes readable
        // for the next one to drain.
        let top = self.top.swap(ptr::null_mut(), AcqRel);
        if top == closed() {
            self.top.store(top, Release);
            return Drain::nothing();
        }
        Drain::reversed(top, owner)
    }

    /// Takes everything, as [`drain`](Self::drain), and lets nothing more in.
    pub(crate) fn close(&self, owner: *const Shared) -> Drain {
        let top = self.top.swap(closed(), AcqRel);
        if top == closed() { Drain::nothing() } else { Drain::reversed(top, owner) }
    }
}

/// A chain of tasks taken out of a box.
pub(crate) struct Drain {
    next: *mut Header,
    owner: *const Shared,
}

impl Drain {
    fn nothing() -> Self {
        Self { next: ptr::null_mut(), owner: ptr::null() }
    }

    fn reversed(mut top: *mut Header, owner: *const Shared) -> Self {
        let mut first: *mut Header = ptr::null_mut();
        while !top.is_null() {
            // SAFETY: the chain is ours since the swap; its tasks are queued.
            let task = unsafe { TaskRef::from_ptr(top) };
            let below = task.header().link.load(Relaxed);
            task.header().link.store(first.cast(), Relaxed);
            first = top;
            top = below.cast();
        }
        Self { next: first, owner }
    }
}

impl Iterator for Drain {
    type Item = TaskRef;

    fn next(&mut self) -> Option<TaskRef> {
        if self.next.is_null() {
            return None;
        }
        // SAFETY: the rest of the chain is ours.
        let task = unsafe { TaskRef::from_ptr(self.next) };
        let link = &task.header().link;
        self.next = link.load(Relaxed).cast();
        link.store(self.owner.cast_mut().cast(), Relaxed);
        Some(task)
    }
}
