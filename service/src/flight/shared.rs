//! The future, and whose turn it is to drive it.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::bell::{Bell, Place, Rung};
use crate::deadline::Deadline;
use crate::shim::{Mutex, MutexGuard};

/// A future that all who hold it wait for.
pub(crate) struct Flight<F: Future> {
    bell: Arc<Bell>,
    stage: Mutex<Stage<F>>,
    deadline: Option<Deadline>,
}

enum Stage<F: Future> {
    /// Nobody polls it just now.
    Parked(Pin<Box<F>>),
    /// Somebody does; others may have come for it in vain.
    Polled { turned_away: bool },
    /// It has ended.
    Done(Arc<F::Output>),
    /// It has panicked, with this, until somebody goes on with the panic.
    Broken(Option<Payload>),
}

type Payload = Box<dyn Any + Send>;

/// The future has panicked.
#[derive(Debug)]
pub(crate) struct Broken;

/// What somebody finds who comes to drive the future.
enum Found<F: Future> {
    Parked(Pin<Box<F>>),
    Taken,
    Ended(Result<Arc<F::Output>, Broken>),
}

impl<F: Future> Flight<F> {
    /// A future that is polled as part of the call that begins it: with that call's deadline, whoever polls.
    pub(crate) fn new(future: F) -> Arc<Self> {
        Arc::new(Self {
            bell: Arc::default(),
            stage: Mutex::new(Stage::Parked(Box::pin(future))),
            deadline: Deadline::current(),
        })
    }

    /// The deadline of the call that began it.
    pub(crate) fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    fn stage(&self) -> MutexGuard<'_, Stage<F>> {
        self.stage.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn find(&self) -> Found<F> {
        let mut stage = self.stage();
        match &mut *stage {
            Stage::Done(output) => Found::Ended(Ok(output.clone())),
            Stage::Broken(_) => Found::Ended(Err(Broken)),
            Stage::Polled { turned_away } => {
                *turned_away = true;
                Found::Taken
            }
            Stage::Parked(_) => match std::mem::replace(&mut *stage, Stage::Polled { turned_away: false }) {
                Stage::Parked(future) => Found::Parked(future),
                _ => unreachable!("looked at above, with the lock held"),
            },
        }
    }

    /// Puts the future back, or what has become of it; says whether somebody came for it meanwhile.
    fn put(&self, stage: Stage<F>) -> bool {
        let before = std::mem::replace(&mut *self.stage(), stage);
        matches!(before, Stage::Polled { turned_away: true })
    }

    /// The outcome, once there is one. `place` is the caller's own among those who wait.
    pub(crate) fn poll(
        &self,
        place: &mut Option<Place>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Arc<F::Output>, Broken>> {
        self.bell.wait(place, cx.waker().clone());
        let mut future = match self.find() {
            Found::Parked(future) => future,
            Found::Taken => return Poll::Pending,
            Found::Ended(end) => {
                *place = None;
                return Poll::Ready(end);
            }
        };
        self.bell.silence();
        let waker = Waker::from(self.bell.clone());
        let poll = || future.as_mut().poll(&mut Context::from_waker(&waker));
        match catch_unwind(AssertUnwindSafe(|| Deadline::exactly(self.deadline, poll))) {
            Ok(Poll::Pending) => {
                if self.put(Stage::Parked(future)) && self.bell.rung() == Rung::Yes {
                    self.bell.wake_next();
                }
                Poll::Pending
            }
            Ok(Poll::Ready(output)) => {
                let output = Arc::new(output);
                self.put(Stage::Done(output.clone()));
                // This one knows.
                *place = None;
                // Also when the destructor of the future panics.
                let _told = WakeAll(&self.bell);
                drop(future);
                Poll::Ready(Ok(output))
            }
            Err(payload) => {
                // One panic is enough: should the future panic once more as it is dropped, nobody is told.
                drop(catch_unwind(AssertUnwindSafe(|| drop(future))));
                self.put(Stage::Broken(Some(payload)));
                *place = None;
                self.bell.wake_all();
                Poll::Ready(Err(Broken))
            }
        }
    }

    /// Goes on with the panic of the future. It is told with its own payload once.
    ///
    /// # Panics
    ///
    /// Always.
    pub(crate) fn resume_panic(&self) -> ! {
        let payload = match &mut *self.stage() {
            Stage::Broken(payload) => payload.take(),
            _ => None,
        };
        resume_unwind(payload.unwrap_or_else(|| Box::new("a call that others share panicked")))
    }
}

/// Tells everybody that the future has ended.
struct WakeAll<'a>(&'a Bell);

impl Drop for WakeAll<'_> {
    fn drop(&mut self) {
        self.0.wake_all();
    }
}

impl<F: Future> fmt::Debug for Flight<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}
