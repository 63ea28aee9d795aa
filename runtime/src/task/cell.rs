//! A task's allocation: header, then future or output.
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
use super::{Id, JoinError, Origin, Record, State, waker};
use crate::scheduler::{self, Shared};
use crate::shim::UnsafeCell;
use crate::shim::atomic::AtomicPtr;

#[repr(C)]
struct Cell<F: Future> {
    header: Header,
    stage: UnsafeCell<Stage<F>>,
}

union Stage<F: Future> {
    future: ManuallyDrop<F>,
    output: ManuallyDrop<Result<F::Output, JoinError>>,
}

/// Allocates a task, queued once and not yet in any queue.
pub(crate) fn allocate<F: Future>(future: F, id: Id, shared: *const Shared, origin: Origin) -> TaskRef {
    let cell = scheduler::allocate(Cell {
        header: Header {
            state: State::new(),
            vtable: const {
                &VTable {
                    poll: poll::<F>,
                    cancel: cancel::<F>,
                    read_output: read_output::<F>,
                    drop_output: drop_output::<F>,
                    free: free::<F>,
                }
            },
            queue_next: AtomicPtr::new(ptr::null_mut()),
            shared,
            id,
            join_waker: UnsafeCell::new(None),
            record: Record::new(),
            origin,
        },
        stage: UnsafeCell::new(Stage { future: ManuallyDrop::new(future) }),
    });
    TaskRef::new(cell.cast())
}

/// # Safety
///
/// The task is a `Cell<F>` and the caller may touch the stage (2).
#[inline]
unsafe fn with_stage<F: Future, R>(task: TaskRef, f: impl FnOnce(*mut Stage<F>) -> R) -> R {
    // SAFETY: (1).
    let cell = unsafe { task.cast::<Cell<F>>().as_ref() };
    cell.stage.with_mut(f)
}

/// Drops the future and puts `output` in its place, or the panic of that drop.
///
/// # Safety
///
/// The caller holds the claim, and the stage holds the future.
#[inline]
unsafe fn finish<F: Future>(task: TaskRef, output: Result<F::Output, JoinError>) {
    // SAFETY: the claim is the caller's (2). The pinned future is dropped where it stands (3); its place is overwritten
    // even if that panics, so nothing is dropped twice.
    let dropped = unsafe {
        with_stage::<F, _>(task, |slot| {
            catch_unwind(AssertUnwindSafe(|| ManuallyDrop::drop(&mut (*slot).future)))
        })
    };
    let output = match dropped {
        Ok(()) => output,
        Err(payload) => {
            // A second panic, of the output's own drop, is swallowed: the first is already reported.
            drop(catch_unwind(AssertUnwindSafe(|| drop(output))));
            Err(JoinError::panic(task.header().id, payload))
        }
    };
    // SAFETY: as above; nothing is left there to drop.
    unsafe { with_stage::<F, _>(task, |slot| slot.write(Stage { output: ManuallyDrop::new(output) })) };
}

unsafe fn poll<F: Future>(task: TaskRef) -> bool {
    let waker = ManuallyDrop::new(waker::borrowed(task));
    let mut cx = Context::from_waker(&waker);
    let polled = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the caller holds the claim (2), so this is the future (4), and it is pinned (3).
        unsafe { with_stage::<F, _>(task, |slot| Pin::new_unchecked(&mut *(*slot).future).poll(&mut cx)) }
    }));
    let output = match polled {
        Ok(Poll::Pending) => return false,
        Ok(Poll::Ready(output)) => Ok(output),
        Err(payload) => Err(JoinError::panic(task.header().id, payload)),
    };
    // SAFETY: the caller holds the claim, and nobody replaced the future.
    unsafe { finish::<F>(task, output) };
    true
}

unsafe fn cancel<F: Future>(task: TaskRef) {
    // SAFETY: the caller holds the claim of a task that is not complete.
    unsafe { finish::<F>(task, Err(JoinError::cancelled(task.header().id))) };
}

unsafe fn read_output<F: Future>(task: TaskRef, destination: *mut ()) {
    let destination = destination.cast::<Poll<Result<F::Output, JoinError>>>();
    // SAFETY: the caller owns the output (2), has not taken it (4), and passes a valid
    // `Poll<Result<F::Output, JoinError>>`.
    unsafe {
        let output = with_stage::<F, _>(task, |slot| ManuallyDrop::take(&mut (*slot).output));
        *destination = Poll::Ready(output);
    }
}

unsafe fn drop_output<F: Future>(task: TaskRef) {
    // SAFETY: the caller owns the output (2) and has not taken it (4). A panic of its drop has nobody to go to.
    drop(unsafe {
        with_stage::<F, _>(task, |slot| {
            catch_unwind(AssertUnwindSafe(|| ManuallyDrop::drop(&mut (*slot).output)))
        })
    });
}

unsafe fn free<F: Future>(task: TaskRef) {
    // SAFETY: the caller gave up the last reference. The stage holds nothing (4); nor does the slot of the join waker:
    // the task took it out when it completed, or the handle did when it was dropped.
    unsafe { scheduler::free(task.cast::<Cell<F>>()) };
}
