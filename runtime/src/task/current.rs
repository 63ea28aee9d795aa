//! Which task this thread polls.
//!
//! # Safety
//!
//! 1. `CURRENT` is not null only between [`enter`] and the call that puts back what it returned, while the caller of
//!    both has the claim of the task: so the task is valid, and a reference made here is good until the end of the call
//!    that made it.

use std::cell::Cell;
use std::ptr;

use super::{Header, TaskRef};

thread_local! {
    static CURRENT: Cell<*const Header> = const { Cell::new(ptr::null()) };
}

/// What was current before a task was entered.
#[derive(Clone, Copy)]
pub(super) struct Outer(*const Header);

/// Makes `task` the one that this thread polls, until [`leave`].
#[inline]
pub(super) fn enter(task: TaskRef) -> Outer {
    Outer(CURRENT.replace(task.as_ptr()))
}

/// Puts back what was current before.
#[inline]
pub(super) fn leave(outer: Outer) {
    CURRENT.set(outer.0);
}

/// Puts back what was current before, when dropped.
pub(crate) struct NoTask(Outer);

/// Makes no task current, until the guard is dropped.
pub(crate) fn enter_none() -> NoTask {
    NoTask(Outer(CURRENT.replace(ptr::null())))
}

impl Drop for NoTask {
    fn drop(&mut self) {
        leave(self.0);
    }
}

/// The task that this thread polls or drops, if there is one.
#[inline]
pub(crate) fn with<R>(f: impl FnOnce(Option<&Header>) -> R) -> R {
    let current = CURRENT.try_with(Cell::get).unwrap_or(ptr::null());
    // SAFETY: (1).
    f(unsafe { current.as_ref() })
}
