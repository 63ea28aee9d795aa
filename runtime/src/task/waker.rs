//! The waker of a task.
//!
//! # Safety
//!
//! 1. The data pointer of every waker made here is a task, and an owned waker owns one reference to it.

#[cfg(all(test, not(loom)))]
use std::ops::Deref;
use std::ptr::{self, NonNull};
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::header::{Header, TaskRef};
use super::state::Wake;
use crate::scheduler;

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

/// A waker that owns no reference: it must be neither dropped nor woken by value, and not outlive the poll.
pub(super) fn borrowed(task: TaskRef) -> Waker {
    // SAFETY: (1), but for the reference, which the caller's `ManuallyDrop` makes up for.
    unsafe { Waker::from_raw(RawWaker::new(task.as_ptr().cast_const().cast(), &VTABLE)) }
}

/// The task that `waker` wakes, if it is one of ours; not longer than the waker lives.
#[inline]
pub(super) fn task_of(waker: &Waker) -> Option<TaskRef> {
    // SAFETY: (1).
    ptr::eq(waker.vtable(), &VTABLE).then(|| unsafe { task(waker.data()) })
}

/// The waker that owns a reference to the task.
///
/// # Safety
///
/// The reference is the caller's, who gives it up.
#[inline]
pub(super) unsafe fn owned(task: NonNull<Header>) -> Waker {
    // SAFETY: (1).
    unsafe { Waker::from_raw(RawWaker::new(task.as_ptr().cast_const().cast(), &VTABLE)) }
}

/// A waker with a new reference.
#[cfg(all(test, not(loom)))]
pub(super) fn owned_for_tests(task: TaskRef) -> Waker {
    std::mem::ManuallyDrop::new(borrowed(task)).deref().clone()
}

unsafe fn task(data: *const ()) -> TaskRef {
    // SAFETY: (1).
    unsafe { TaskRef::from_ptr(data.cast::<Header>().cast_mut()) }
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: (1).
    unsafe { task(data) }.header().state.add_reference();
    RawWaker::new(data, &VTABLE)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: (1).
    let task = unsafe { task(data) };
    let is_done = scheduler::with_core_of_task(task, |core| match task.header().state.wake_by_value() {
        Wake::Schedule => core.schedule_woken(task),
        Wake::Nothing => {}
        // SAFETY: that was the last reference.
        Wake::Free => unsafe { task.free() },
    });
    if is_done.is_none() {
        // The reference stays until the task is queued: on a foreign thread it alone keeps the runtime alive.
        // SAFETY: the reference is ours (1).
        unsafe {
            wake_by_ref(data);
            task.drop_reference();
        }
    }
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: (1).
    let task = unsafe { task(data) };
    if task.header().state.wake_by_ref() == Wake::Schedule {
        scheduler::schedule_woken(task);
    }
}

unsafe fn drop_waker(data: *const ()) {
    // SAFETY: (1).
    unsafe { task(data).drop_reference() };
}
