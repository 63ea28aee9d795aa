//! Tasks for a worker, from everybody else.
//!
//! A stack that anyone pushes to and that is emptied by one swap, so there is no ABA problem and no lock. A push
//! tells whether the box was empty: only then does the worker need to be told, since it empties the box as a whole.
//!
//! Invariants
//! 1. `queue_next` of a task in the box belongs to the box.
//! 2. Once closed the box stays closed and empty.

use std::ptr;

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
        let mut top = self.top.load(Relaxed);
        loop {
            if top == closed() {
                return Push::Closed;
            }
            task.header().queue_next.store(top, Relaxed);
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

    /// Takes everything, oldest first.
    pub(crate) fn drain(&self) -> Drain {
        if self.is_empty() {
            return Drain(ptr::null_mut());
        }
        // ORDERING: AcqRel [drain]. Acquire sees the tasks; the Release half keeps the chain of pushes readable
        // for the next one to drain.
        let top = self.top.swap(ptr::null_mut(), AcqRel);
        if top == closed() {
            self.top.store(top, Release);
            return Drain(ptr::null_mut());
        }
        Drain::reversed(top)
    }

    /// Takes everything and lets nothing more in.
    pub(crate) fn close(&self) -> Drain {
        let top = self.top.swap(closed(), AcqRel);
        if top == closed() { Drain(ptr::null_mut()) } else { Drain::reversed(top) }
    }
}

/// A chain of tasks taken out of a box.
pub(crate) struct Drain(*mut Header);

impl Drain {
    fn reversed(mut top: *mut Header) -> Self {
        let mut first = ptr::null_mut();
        while !top.is_null() {
            // SAFETY: the chain is ours since the swap; its tasks are queued.
            let task = unsafe { TaskRef::from_ptr(top) };
            let below = task.header().queue_next.load(Relaxed);
            task.header().queue_next.store(first, Relaxed);
            first = top;
            top = below;
        }
        Self(first)
    }
}

impl Iterator for Drain {
    type Item = TaskRef;

    fn next(&mut self) -> Option<TaskRef> {
        if self.0.is_null() {
            return None;
        }
        // SAFETY: the rest of the chain is ours.
        let task = unsafe { TaskRef::from_ptr(self.0) };
        self.0 = task.header().queue_next.load(Relaxed);
        Some(task)
    }
}
