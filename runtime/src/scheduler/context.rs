//! What this thread is doing: running a worker, or standing inside an entered runtime.
//!
//! # Safety
//!
//! 1. `CORE` is not null only between `run_as` and its end, on the thread that owns the core; while the core is lent
//!    (see `hands`) it is null, and afterwards whichever core the thread has got.
//! 2. `ENTERED` is not null only while somebody on this thread's stack keeps that runtime alive.
//!
//! So a reference made from either is good until the end of the call that made it.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::ptr;

use super::{Core, Shared, SharedRef};

thread_local! {
    static CORE: Cell<*const Core> = const { Cell::new(ptr::null()) };
    static ENTERED: Cell<*const Shared> = const { Cell::new(ptr::null()) };
    /// All runtimes that are entered, the newest last; null where a guard was dropped before newer ones.
    static GUARDS: RefCell<Vec<*const Shared>> = const { RefCell::new(Vec::new()) };
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

/// The core of this thread is lent: inside `run_as` it runs none from now on.
pub(super) fn let_go_of_core() {
    CORE.set(ptr::null());
}

/// Inside `run_as`, this thread runs `core` from now on.
pub(super) fn take_up_core(core: &Core) {
    CORE.set(core);
}

/// Enters a runtime until the guard is dropped.
pub(crate) fn enter(runtime: SharedRef) -> Entered {
    let entered = runtime.as_ptr();
    // A thread whose locals are being destroyed keeps no list; its guards then leave no runtime at all.
    let place = GUARDS.try_with(|guards| {
        let mut guards = guards.borrow_mut();
        guards.push(entered);
        guards.len() - 1
    });
    ENTERED.set(entered);
    Entered { place: place.unwrap_or(0), inner: runtime, confined: PhantomData }
}

/// Keeps a runtime alive and entered.
#[derive(Debug)]
pub(crate) struct Entered {
    /// Where this guard stands among those of the thread.
    place: usize,
    #[expect(dead_code, reason = "held for its drop")]
    inner: SharedRef,
    /// Belongs to the stack of one thread.
    confined: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        // Guards may be dropped in any order. The newest one left is in force, and what an older one entered must not
        // come back after it: nothing keeps that runtime alive any more (2).
        let newest = GUARDS.try_with(|guards| {
            let mut guards = guards.borrow_mut();
            guards[self.place] = ptr::null();
            while guards.last().is_some_and(|guard| guard.is_null()) {
                guards.pop();
            }
            guards.last().copied()
        });
        ENTERED.set(newest.ok().flatten().unwrap_or(ptr::null()));
    }
}
