//! A task's allocation: header, owner, then future or output.
//!
//! # Safety
//!
//! 1. The header is the first field of a `repr(C)` struct, so a pointer to it is a pointer to the cell.
//! 2. `stage` is touched only by the owner of the `RUNNING` claim before `COMPLETE`, and by the owner of the output
//!    (invariant 5 of the state) after it.
//! 3. The future never moves between `allocate` and its drop: it is pinned.
//! 4. No tag says what `stage` holds, the state does: the future until the owner of the claim has replaced it, which it
//!    does before it sets `COMPLETE`; then the output, until its owner takes or drops it; then nothing. Only its
//!    owner knows that it was taken: a `JoinHandle` notes it.

use std::future::Future;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll};

use super::header::{Header, TaskRef, VTable};
use super::join_waker::JoinWaker;
use super::{Id, JoinError, Origin, Record, State, waker};
use crate::isolated::isolated;
use crate::scheduler::{self, Shared};
use crate::shim::UnsafeCell;
use crate::shim::atomic::AtomicPtr;

#[repr(C)]
struct Cell<F: Future, O: Owner> {
    header: Header,
    owner: O,
    stage: UnsafeCell<Stage<F>>,
}

/// Whose task it is, and so where it is queued when the thread that wakes it runs no worker of its runtime.
pub(super) trait Owner: Send + Sync {
    /// Queues a woken task, which may be freed as soon as it is in the queue, and its owner with it.
    ///
    /// # Safety
    ///
    /// The task belongs to this owner, the caller owes it a trip through a run queue, and it is valid until it is queued.
    unsafe fn schedule(&self, task: TaskRef);
}

/// The runtime that the header names.
struct Runtime;

impl Owner for Runtime {
    unsafe fn schedule(&self, task: TaskRef) {
        // SAFETY: forwarded.
        unsafe { scheduler::schedule_remote(task) };
    }
}

union Stage<F: Future> {
    future: ManuallyDrop<F>,
    output: ManuallyDrop<Result<F::Output, JoinError>>,
}

/// Allocates a task of a runtime, or a blocking job; queued once and not yet in any queue.
pub(crate) fn allocate<F: Future>(future: F, id: Id, shared: *const Shared, origin: Origin) -> TaskRef {
    allocate_for(Runtime, future, id, shared, origin)
}

/// Allocates a task, queued once and not yet in any queue.
pub(super) fn allocate_for<F: Future, O: Owner>(
    owner: O,
    future: F,
    id: Id,
    shared: *const Shared,
    origin: Origin,
) -> TaskRef {
    let cell = scheduler::allocate_with(|| Cell {
        header: Header {
            state: State::new(),
            vtable: const {
                &VTable {
                    poll: poll::<F, O>,
                    cancel: cancel::<F, O>,
                    read_output: read_output::<F, O>,
                    drop_output: drop_output::<F, O>,
                    schedule: schedule::<F, O>,
                    free: free::<F, O>,
                }
            },
            link: AtomicPtr::new(shared.cast_mut().cast()),
            id,
            join_waker: UnsafeCell::new(JoinWaker::NONE),
            record: Record::new(),
            origin,
        },
        owner,
        stage: UnsafeCell::new(Stage { future: ManuallyDrop::new(future) }),
    });
    TaskRef::new(cell.cast())
}

/// # Safety
///
/// The task is a `Cell<F, O>` and the caller may touch the stage (2).
#[inline]
unsafe fn with_stage<F: Future, O: Owner, R>(task: TaskRef, f: impl FnOnce(*mut Stage<F>) -> R) -> R {
    // SAFETY: (1).
    let cell = unsafe { task.cast::<Cell<F, O>>().as_ref() };
    cell.stage.with_mut(f)
}

/// Drops the future and puts `output` in its place, or the panic of that drop.
///
/// # Safety
///
/// The caller holds the claim, and the stage holds the future.
#[inline]
unsafe fn finish<F: Future, O: Owner>(task: TaskRef, output: Result<F::Output, JoinError>) {
    // SAFETY: the claim is the caller's (2). The pinned future is dropped where it stands (3); its place is overwritten
    // even if that panics, so nothing is dropped twice.
    let dropped = unsafe {
        with_stage::<F, O, _>(task, |slot| {
            catch_unwind(AssertUnwindSafe(|| ManuallyDrop::drop(&mut (*slot).future)))
        })
    };
    let output = match dropped {
        Ok(()) => output,
        Err(payload) => {
            // A second panic, of the output's own drop, is swallowed: the first is already reported.
            isolated(|| drop(output));
            Err(JoinError::panic(task.header().id, payload))
        }
    };
    // SAFETY: as above; nothing is left there to drop.
    unsafe { with_stage::<F, O, _>(task, |slot| slot.write(Stage { output: ManuallyDrop::new(output) })) };
}

unsafe fn poll<F: Future, O: Owner>(task: TaskRef) -> bool {
    let waker = ManuallyDrop::new(waker::borrowed(task));
    let mut cx = Context::from_waker(&waker);
    let polled = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the caller holds the claim (2), so this is the future (4), and it is pinned (3).
        unsafe { with_stage::<F, O, _>(task, |slot| Pin::new_unchecked(&mut *(*slot).future).poll(&mut cx)) }
    }));
    let output = match polled {
        Ok(Poll::Pending) => return false,
        Ok(Poll::Ready(output)) => Ok(output),
        Err(payload) => {
            scheduler::note_panic(task);
            Err(JoinError::panic(task.header().id, payload))
        }
    };
    // SAFETY: the caller holds the claim, and nobody replaced the future.
    unsafe { finish::<F, O>(task, output) };
    true
}

unsafe fn cancel<F: Future, O: Owner>(task: TaskRef) {
    // SAFETY: the caller holds the claim of a task that is not complete.
    unsafe { finish::<F, O>(task, Err(JoinError::cancelled(task.header().id))) };
}

unsafe fn read_output<F: Future, O: Owner>(task: TaskRef, destination: *mut ()) {
    let destination = destination.cast::<Poll<Result<F::Output, JoinError>>>();
    // SAFETY: the caller owns the output (2), has not taken it (4), and passes a valid
    // `Poll<Result<F::Output, JoinError>>`.
    unsafe {
        let output = with_stage::<F, O, _>(task, |slot| ManuallyDrop::take(&mut (*slot).output));
        *destination = Poll::Ready(output);
    }
}

unsafe fn drop_output<F: Future, O: Owner>(task: TaskRef) {
    // SAFETY: the caller owns the output (2) and has not taken it (4). A panic of its drop has nobody to go to.
    unsafe { with_stage::<F, O, _>(task, |slot| isolated(|| ManuallyDrop::drop(&mut (*slot).output))) };
}

unsafe fn schedule<F: Future, O: Owner>(task: TaskRef) {
    // SAFETY: (1).
    let cell = unsafe { task.cast::<Cell<F, O>>().as_ref() };
    // SAFETY: forwarded.
    unsafe { cell.owner.schedule(task) };
}

unsafe fn free<F: Future, O: Owner>(task: TaskRef) {
    // SAFETY: the caller gave up the last reference. The stage holds nothing (4); nor does the slot of the join waker:
    // the task took it out when it completed, or the handle did when it was dropped.
    unsafe {
        ptr::drop_in_place(&raw mut (*task.cast::<Cell<F, O>>().as_ptr()).owner);
        scheduler::free(task.cast::<Cell<F, O>>());
    }
}
