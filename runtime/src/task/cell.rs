//! A task's allocation: header, then future or output.
//!
//! # Safety
//!
//! 1. The header is the first field of a `repr(C)` struct, so a pointer to it is a pointer to the cell.
//! 2. `stage` is touched only by the owner of the `RUNNING` claim before `COMPLETE`, and by the owner of the output
//!    (invariant 5 of the state) after it.
//! 3. The future never moves between `allocate` and the `Stage::Future` arm being overwritten: it is pinned.

use std::cell::Cell as PlainCell;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::ptr::{self, NonNull};
use std::task::{Context, Poll};

use super::header::{Header, TaskRef, VTable};
use super::{Id, JoinError, State, waker};
use crate::scheduler::Shared;
use crate::shim::UnsafeCell;
use crate::shim::atomic::AtomicPtr;

#[repr(C)]
struct Cell<F: Future> {
    header: Header,
    stage: UnsafeCell<Stage<F>>,
}

enum Stage<F: Future> {
    Future(F),
    Output(Result<F::Output, JoinError>),
    Consumed,
}

/// Allocates a task, queued once and not yet in any queue.
pub(crate) fn allocate<F: Future>(
    future: F,
    id: Id,
    shared: *const Shared,
    spawned_at: &'static Location<'static>,
) -> TaskRef {
    let cell = Box::new(Cell {
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
            home: PlainCell::new(None),
            join_waker: UnsafeCell::new(None),
            spawned_at,
        },
        stage: UnsafeCell::new(Stage::Future(future)),
    });
    // SAFETY: a box is not null.
    TaskRef::new(unsafe { NonNull::new_unchecked(Box::into_raw(cell).cast()) })
}

/// # Safety
///
/// The task is a `Cell<F>` and the caller may touch the stage (2).
unsafe fn with_stage<F: Future, R>(task: TaskRef, f: impl FnOnce(*mut Stage<F>) -> R) -> R {
    // SAFETY: (1).
    let cell = unsafe { task.cast::<Cell<F>>().as_ref() };
    cell.stage.with_mut(f)
}

/// Puts `stage` in place of what is there, dropping that in place; a panic of the drop is returned.
///
/// # Safety
///
/// The caller may touch the stage (2).
unsafe fn replace_stage<F: Future>(
    task: TaskRef,
    stage: Stage<F>,
) -> Result<(), Box<dyn std::any::Any + Send>> {
    // SAFETY: forwarded. The pinned future is dropped where it stands; the memory is overwritten even if that
    // panics, so nothing is dropped twice.
    unsafe {
        with_stage::<F, _>(task, |slot| {
            let dropped = catch_unwind(AssertUnwindSafe(|| ptr::drop_in_place(slot)));
            ptr::write(slot, stage);
            dropped
        })
    }
}

unsafe fn poll<F: Future>(task: TaskRef) -> bool {
    let waker = ManuallyDrop::new(waker::borrowed(task));
    let mut cx = Context::from_waker(&waker);
    let polled = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the caller holds the claim (2); the future is pinned (3).
        unsafe {
            with_stage::<F, _>(task, |slot| match &mut *slot {
                Stage::Future(future) => Pin::new_unchecked(future).poll(&mut cx),
                Stage::Output(_) | Stage::Consumed => Poll::Pending,
            })
        }
    }));
    let id = task.header().id;
    let output = match polled {
        Ok(Poll::Pending) => return false,
        Ok(Poll::Ready(output)) => Ok(output),
        Err(payload) => Err(JoinError::panic(id, payload)),
    };
    // SAFETY: the caller holds the claim.
    let dropped = unsafe { replace_stage::<F>(task, Stage::Output(output)) };
    if let Err(payload) = dropped {
        let error = Err(JoinError::panic(id, payload));
        // SAFETY: as above. A second panic, of the output's own drop, is swallowed: the first is already reported.
        drop(unsafe { replace_stage::<F>(task, Stage::Output(error)) });
    }
    true
}

unsafe fn cancel<F: Future>(task: TaskRef) {
    let id = task.header().id;
    // SAFETY: the caller holds the claim.
    let dropped = unsafe { replace_stage::<F>(task, Stage::Output(Err(JoinError::cancelled(id)))) };
    if let Err(payload) = dropped {
        // SAFETY: as above; what is replaced is a cancellation, whose drop cannot panic.
        drop(unsafe { replace_stage::<F>(task, Stage::Output(Err(JoinError::panic(id, payload)))) });
    }
}

unsafe fn read_output<F: Future>(task: TaskRef, destination: *mut ()) {
    let destination = destination.cast::<Poll<Result<F::Output, JoinError>>>();
    // SAFETY: the caller owns the output (2) and passes a valid `Poll<Result<F::Output, JoinError>>`.
    unsafe {
        with_stage::<F, _>(task, |slot| match ptr::replace(slot, Stage::Consumed) {
            Stage::Output(output) => *destination = Poll::Ready(output),
            Stage::Future(_) | Stage::Consumed => {
                panic!("JoinHandle polled after it returned the output of its task")
            }
        });
    }
}

unsafe fn drop_output<F: Future>(task: TaskRef) {
    // SAFETY: the caller owns the output (2). A panic of its drop has nobody to go to.
    drop(unsafe { replace_stage::<F>(task, Stage::Consumed) });
}

unsafe fn free<F: Future>(task: TaskRef) {
    // SAFETY: the caller gave up the last reference; the cell came from `Box::into_raw`.
    drop(unsafe { Box::from_raw(task.cast::<Cell<F>>().as_ptr()) });
}
