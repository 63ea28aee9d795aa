//! The part of a task that is the same for all of them.
//!
//! # Safety
//!
//! A [`TaskRef`] is a pointer to the header of a `Cell<F>`, whose first field the header is (`repr(C)`).
//! 1. It is valid while its holder owns a reference, a queue entry or the claim of `RUNNING` (invariants 1 to 3 of
//!    the state).
//! 2. The home in `record` is written once, before the first poll, by the worker that registers the task, and read by the
//!    one that completes it; the run queues order the two.
//! 3. `join_waker` follows invariant 4 of the state.
//! 4. `link` is the runtime, which the task keeps alive with one credit that is given back when the task is freed; but for the
//!    time that the task spends in a mailbox, which has the word for the next task of its stack, and puts the runtime back
//!    (it knows it) before it hands the task out. So whoever owns the queue entry, the claim or the last reference finds
//!    the runtime there. Whoever does not may find the address of a task, but never that of another runtime.

use std::ptr::NonNull;

use super::join_waker::JoinWaker;
use super::{Id, Origin, Record, State};
use crate::scheduler::Shared;
use crate::shim::UnsafeCell;
use crate::shim::atomic::AtomicPtr;
use crate::shim::atomic::Ordering::Relaxed;

pub(crate) struct Header {
    pub(crate) state: State,
    pub(super) vtable: &'static VTable,
    /// The runtime, null for blocking jobs, which are never woken, and for the tasks of a `LocalSet`; or the next task of an
    /// intrusive stack (4).
    pub(crate) link: AtomicPtr<()>,
    pub(crate) id: Id,
    pub(super) join_waker: UnsafeCell<JoinWaker>,
    pub(crate) record: Record,
    pub(crate) origin: Origin,
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Header>() <= 64);

/// The operations that know the type of the future.
pub(super) struct VTable {
    /// Polls the future; on `Ready` or panic stores the output and returns true.
    pub(super) poll: unsafe fn(TaskRef) -> bool,
    /// Drops the future and stores a cancellation in place of the output.
    pub(super) cancel: unsafe fn(TaskRef),
    /// Moves the output to a `Poll<Result<T, JoinError>>`.
    pub(super) read_output: unsafe fn(TaskRef, *mut ()),
    /// Drops the output.
    pub(super) drop_output: unsafe fn(TaskRef),
    /// Queues the task, woken on a thread that runs no worker of its runtime; the caller owes it that trip.
    pub(super) schedule: unsafe fn(TaskRef),
    /// Frees the memory.
    pub(super) free: unsafe fn(TaskRef),
}

/// A pointer to a task; see the module for when it is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TaskRef(NonNull<Header>);

// SAFETY: everything reached through a `TaskRef` is guarded by the state word, and futures that are not `Send` are
// polled and dropped on one thread by the schedulers that accept them.
unsafe impl Send for TaskRef {}

impl TaskRef {
    pub(super) fn new(header: NonNull<Header>) -> Self {
        Self(header)
    }

    /// # Safety
    ///
    /// The pointer came from [`TaskRef::as_ptr`] and the task is valid (1).
    pub(crate) unsafe fn from_ptr(pointer: *mut Header) -> Self {
        // SAFETY: `as_ptr` is never null.
        Self(unsafe { NonNull::new_unchecked(pointer) })
    }

    pub(crate) fn as_ptr(self) -> *mut Header {
        self.0.as_ptr()
    }

    pub(crate) fn header(&self) -> &Header {
        // SAFETY: (1).
        unsafe { self.0.as_ref() }
    }

    /// The runtime, for whoever may know it (4).
    #[inline]
    pub(crate) fn shared(&self) -> *const Shared {
        self.header().link.load(Relaxed).cast_const().cast()
    }

    /// Queues a task that was woken on a thread that runs no worker of its runtime.
    ///
    /// # Safety
    ///
    /// The caller owes the task a trip through a run queue, and keeps it valid during the call.
    pub(crate) unsafe fn schedule(self) {
        // SAFETY: forwarded.
        unsafe { (self.header().vtable.schedule)(self) };
    }

    pub(super) fn cast<T>(self) -> NonNull<T> {
        self.0.cast()
    }

    /// Frees the task, and gives its credit back to the runtime.
    ///
    /// # Safety
    ///
    /// The caller gave up the last reference.
    pub(crate) unsafe fn free(self) {
        // SAFETY: nobody else can reach the task.
        unsafe { self.header().origin.release() };
        let shared = self.shared();
        if !shared.is_null() {
            // SAFETY: (4). The runtime may end with it, but for that of a worker that runs here.
            unsafe { Shared::return_credit(shared) };
        }
        // SAFETY: nobody else can reach the task. Nothing comes after, so that nothing has to be kept for it.
        unsafe { (self.header().vtable.free)(self) };
    }

    /// Gives up one reference.
    ///
    /// # Safety
    ///
    /// The caller owns it and does not use it again.
    pub(crate) unsafe fn drop_reference(self) {
        if self.header().state.drop_reference() {
            // SAFETY: it was the last.
            unsafe { self.free() };
        }
    }
}
