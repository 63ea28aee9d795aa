//! Calling somebody else's code where a panic has nobody to go to.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// Calls `f`, a hook, a waker or a destructor of the user, and keeps a panic of it from everybody else whom the caller
/// has to see to.
///
/// The panic hook of the process has told of it.
#[inline]
pub(crate) fn isolated(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        discard(payload);
    }
}

#[cold]
fn discard(payload: Box<dyn std::any::Any + Send>) {
    // Its destructor is somebody else's code too; what that throws is kept, rather than dropped in turn.
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(payload);
    }
}

/// [`isolated`], for a waker.
#[inline]
pub(crate) fn wake_isolated(waker: Waker) {
    isolated(|| waker.wake());
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_payload_that_panics_when_it_is_dropped_is_kept() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                std::panic::resume_unwind(Box::new(Bomb));
            }
        }
        isolated(|| std::panic::resume_unwind(Box::new(Bomb)));
    }
}
