//! What this thread is doing: running a worker, or standing inside an entered runtime.
//!
//! # Safety
//!
//! 1. `CORE` is not null only between `run_as` and its end, on the thread that owns the core.
//! 2. `ENTERED` is not null only while somebody on this thread's stack keeps that runtime alive.
//!
//! So a reference made from either is good until the end of the call that made it.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr;

use super::{Core, Shared, SharedRef};

thread_local! {
    static CORE: Cell<*const Core> = const { Cell::new(ptr::null()) };
    static ENTERED: Cell<*const Shared> = const { Cell::new(ptr::null()) };
}

/// The core that this thread runs.
#[inline]
pub(crate) fn with_core<R>(f: impl FnOnce(Option<&Core>) -> R) -> R {
    // SAFETY: (1).
    f(unsafe { CORE.get().as_ref() })
}

/// The runtime that this thread is in, as a worker or through `enter`.
#[inline]
pub(super) fn with_entered<R>(f: impl FnOnce(Option<&Shared>) -> R) -> R {
    // SAFETY: (2).
    f(unsafe { ENTERED.get().as_ref() })
}

/// Runs `f` with `core` as the core of this thread.
pub(super) fn run_as<R>(core: &Core, f: impl FnOnce() -> R) -> R {
    struct Restore(*const Core);
    impl Drop for Restore {
        fn drop(&mut self) {
            CORE.set(self.0);
        }
    }
    let _restore = Restore(CORE.replace(core));
    f()
}

/// Enters a runtime until the guard is dropped.
pub(crate) fn enter(runtime: SharedRef) -> Entered {
    let outer = ENTERED.replace(runtime.as_ptr());
    Entered { outer, inner: runtime, confined: PhantomData }
}

/// Keeps a runtime alive and entered.
#[derive(Debug)]
pub(crate) struct Entered {
    outer: *const Shared,
    inner: SharedRef,
    /// Belongs to the stack of one thread.
    confined: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        // Guards dropped out of order leave the newer one in force, whose runtime it keeps alive itself.
        if ptr::eq(ENTERED.get(), self.inner.as_ptr()) {
            ENTERED.set(self.outer);
        }
    }
}
