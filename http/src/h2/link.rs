//! What the task of a connection and the users of its streams share.
//!
//! One lock, which nobody holds for long and which is nearly always free: handlers are polled by the connection's task. Wakers
//! are called and dropped, and cloned, when it is free.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};

use super::Turn;
use super::engine::{Engine, Key};

struct Shared {
    engine: Mutex<Engine>,
    turn: Arc<Turn>,
}

/// A handle to the engine of a connection.
#[derive(Clone)]
pub(crate) struct Link {
    shared: Arc<Shared>,
}

/// Where somebody waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    Read,
    Send,
}

impl Link {
    pub(crate) fn new(engine: Engine, turn: Arc<Turn>) -> Self {
        Self { shared: Arc::new(Shared { engine: Mutex::new(engine), turn }) }
    }

    /// Does something with the engine, and then calls whom it concerns.
    pub(crate) fn with<R>(&self, with: impl FnOnce(&mut Engine) -> R) -> R {
        let mut engine = self.lock();
        let result = with(&mut engine);
        self.settle(engine);
        result
    }

    /// Polls something of a stream, and leaves the waker of the task where it will be called.
    pub(super) fn poll<R>(
        &self,
        key: Key,
        wait: Wait,
        cx: &Context<'_>,
        mut poll: impl FnMut(&mut Engine) -> Poll<R>,
    ) -> Poll<R> {
        let mut spare: Option<Waker> = None;
        loop {
            let mut engine = self.lock();
            if let Poll::Ready(result) = poll(&mut engine) {
                self.settle(engine);
                return Poll::Ready(result);
            }
            let slot = engine.waiting(key, wait);
            let is_known =
                slot.is_none_or(|slot| slot.as_ref().is_some_and(|known| known.will_wake(cx.waker())));
            if !is_known {
                let Some(waker) = spare.take() else {
                    self.settle(engine);
                    spare = Some(cx.waker().clone());
                    continue;
                };
                let old = engine.waiting(key, wait).and_then(|slot| slot.replace(waker));
                engine.spent.extend(old);
            }
            self.settle(engine);
            return Poll::Pending;
        }
    }

    // Out of the lock: a waker may do anything, and panic.
    fn settle(&self, mut engine: MutexGuard<'_, Engine>) {
        let is_due = engine.rouse();
        if engine.wakes.is_empty() && engine.spent.is_empty() && !is_due {
            return;
        }
        let (wakes, spent) = (std::mem::take(&mut engine.wakes), std::mem::take(&mut engine.spent));
        drop(engine);
        for waker in wakes {
            // One that panics is its owner's affair, and keeps nobody else asleep.
            let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        }
        for waker in spent {
            let _ = catch_unwind(AssertUnwindSafe(|| drop(waker)));
        }
        if is_due {
            self.shared.turn.wake_by_ref();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Engine> {
        self.shared.engine.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
