//! One waker, registered by one task and woken by anybody.
//!
//! Invariants
//! 1. The slot is touched only by whoever turned `REGISTERING` on from idle, or `WAKING` on from idle.
//! 2. A wake that comes during a registration leaves `WAKING` on; the registration then wakes in its stead.
//!
//! # Safety
//!
//! The slot is an `UnsafeCell` guarded by invariant 1.

use std::fmt;
use std::task::Waker;

use crate::shim::UnsafeCell;
use crate::shim::atomic::AtomicUsize;
use crate::shim::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

const IDLE: usize = 0;
const REGISTERING: usize = 1;
const WAKING: usize = 2;

/// A slot for the waker of one task.
///
/// Registrations must not race with each other; a registration and any number of wakes may.
pub(crate) struct AtomicWaker {
    state: AtomicUsize,
    slot: UnsafeCell<Option<Waker>>,
}

// SAFETY: invariant 1.
unsafe impl Send for AtomicWaker {}
// SAFETY: invariant 1.
unsafe impl Sync for AtomicWaker {}

impl Default for AtomicWaker {
    fn default() -> Self {
        Self::new()
    }
}

impl AtomicWaker {
    pub(crate) fn new() -> Self {
        Self { state: AtomicUsize::new(IDLE), slot: UnsafeCell::new(None) }
    }

    /// Stores `waker` for the next [`wake`](Self::wake). Check the condition again afterwards.
    pub(crate) fn register(&self, waker: &Waker) {
        // ORDERING: Acquire [slot]: see the slot as the last wake left it.
        match self.state.compare_exchange(IDLE, REGISTERING, Acquire, Acquire) {
            Ok(_) => {
                // SAFETY: invariant 1.
                let replaced = self.slot.with_mut(|slot| unsafe {
                    match &mut *slot {
                        Some(current) if current.will_wake(waker) => None,
                        current => current.replace(waker.clone()),
                    }
                });
                // ORDERING: AcqRel [slot]: Release publishes the waker; Acquire, on failure, sees what the wake
                // that we stand in for has published.
                if self.state.compare_exchange(REGISTERING, IDLE, AcqRel, Acquire).is_err() {
                    // SAFETY: still registering (invariant 2).
                    let missed = self.slot.with_mut(|slot| unsafe { (*slot).take() });
                    self.state.swap(IDLE, AcqRel);
                    if let Some(missed) = missed {
                        missed.wake();
                    }
                }
                drop(replaced);
            }
            // A wake is taking the previous waker; whatever it announces is for this one too.
            Err(state) if state & WAKING != 0 => {
                waker.wake_by_ref();
                crate::shim::hint::spin_loop();
            }
            Err(_) => debug_assert!(false, "two tasks register one AtomicWaker at once"),
        }
    }

    /// Wakes the registered task, if there is one, and forgets it.
    pub(crate) fn wake(&self) {
        if let Some(waker) = self.take() {
            waker.wake();
        }
    }

    /// Takes the registered waker, for the caller to wake.
    pub(crate) fn take(&self) -> Option<Waker> {
        // ORDERING: AcqRel [slot]: Release publishes the condition to a registration that comes later; Acquire sees
        // the waker.
        if self.state.fetch_or(WAKING, AcqRel) != IDLE {
            return None;
        }
        // SAFETY: invariant 1.
        let waker = self.slot.with_mut(|slot| unsafe { (*slot).take() });
        // ORDERING: Release [slot].
        self.state.fetch_and(!WAKING, Release);
        waker
    }

    /// Whether no waker is being stored or taken; for `Debug`.
    fn is_idle(&self) -> bool {
        self.state.load(Relaxed) == IDLE
    }
}

impl fmt::Debug for AtomicWaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtomicWaker").field("is_idle", &self.is_idle()).finish_non_exhaustive()
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::AtomicWaker;
    use crate::shim::Arc;
    use crate::shim::atomic::{AtomicBool, Ordering};
    use crate::shim::thread;
    use std::task::Poll;

    #[test]
    fn loom_a_wake_is_never_lost() {
        loom::model(|| {
            let shared = Arc::new((AtomicWaker::new(), AtomicBool::new(false)));
            let waking = shared.clone();
            let thread = thread::spawn(move || {
                waking.1.store(true, Ordering::Relaxed);
                waking.0.wake();
            });
            loom::future::block_on(std::future::poll_fn(|cx| {
                shared.0.register(cx.waker());
                if shared.1.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending }
            }));
            thread.join().unwrap();
        });
    }
}
