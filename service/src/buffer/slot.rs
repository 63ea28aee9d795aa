//! A request that waits for its turn, and what becomes of it.
//!
//! Its caller holds one reference and the queue another. Whoever has the service calls it for this request and leaves the
//! answer here.
//!
//! Invariants
//! 1. Nothing of the user runs while the slot is locked: requests, answers and wakers are moved out first. A destructor of
//!    one may take the call itself along.
//! 2. `is_answered` is on from when there is an answer, and is only a hint to look.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};

use tower_service::Service;

use crate::deadline::Deadline;
use crate::shim::{AtomicU32, Mutex, MutexGuard, Ordering};

/// What became of a request.
pub(super) enum Answer<F, E> {
    /// The service was called.
    Called(F),
    /// It could not be made ready.
    Failed(E),
    /// The deadline had passed when its turn came.
    Expired,
    /// The service panicked, which is for the caller to know.
    Panicked(Box<dyn Any + Send>),
}

pub(super) struct Slot<F, E, Request> {
    is_answered: AtomicU32,
    progress: Mutex<Progress<F, E, Request>>,
}

enum Progress<F, E, Request> {
    Queued {
        request: Request,
        deadline: Option<Deadline>,
        waker: Option<Waker>,
    },
    /// The service is being called.
    Calling {
        waker: Option<Waker>,
    },
    Answered(Answer<F, E>),
    /// The answer was taken, or is not wanted any longer.
    Gone,
}

/// A request taken out of its slot.
enum Taken<Request> {
    Wanted(Request, Option<Deadline>),
    /// Too late for an answer to be of use.
    Expired(Request),
    Unwanted,
}

/// What a turn did for a request.
pub(super) enum Turned {
    /// The service is not ready.
    NotReady,
    /// The request is dealt with, and this is to be woken.
    Done(Option<Waker>),
}

/// A request in the queue, whatever it is.
pub(super) trait Entry<S>: Send + Sync {
    /// Calls the service, once it is ready, and keeps the answer.
    fn turn(&self, service: &mut S, cx: &mut Context<'_>) -> Turned;

    /// Takes the waker of a request that waits.
    fn take_waker(&self) -> Option<Waker>;

    /// Whether nobody wants the answer.
    fn is_unwanted(&self) -> bool;
}

/// Runs what is another caller's, whose panic is not that of whoever has the turn.
pub(super) fn isolated<T>(function: impl FnOnce() -> T) -> std::thread::Result<T> {
    catch_unwind(AssertUnwindSafe(function))
}

impl<F, E, Request> Slot<F, E, Request> {
    pub(super) fn new(request: Request, deadline: Option<Deadline>) -> Self {
        let progress = Progress::Queued { request, deadline, waker: None };
        Self { is_answered: AtomicU32::new(0), progress: Mutex::new(progress) }
    }

    fn lock(&self) -> MutexGuard<'_, Progress<F, E, Request>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a look at the answer is worth the lock.
    pub(super) fn is_answered(&self) -> bool {
        self.is_answered.load(Ordering::Relaxed) != 0
    }

    /// Takes the answer, if there is one.
    pub(super) fn take_answer(&self) -> Option<Answer<F, E>> {
        let mut progress = self.lock();
        match &*progress {
            Progress::Answered(_) => match std::mem::replace(&mut *progress, Progress::Gone) {
                Progress::Answered(answer) => Some(answer),
                _ => None,
            },
            _ => None,
        }
    }

    /// Leaves a waker, unless there is an answer.
    pub(super) fn leave_waker(&self, cx: &mut Context<'_>) -> bool {
        // Cloned before the lock is taken, and the old one dropped after.
        let mut unneeded = Some(cx.waker().clone());
        let mut progress = self.lock();
        let is_left = match &mut *progress {
            Progress::Queued { waker, .. } | Progress::Calling { waker } => {
                std::mem::swap(waker, &mut unneeded);
                true
            }
            Progress::Answered(_) | Progress::Gone => false,
        };
        drop(progress);
        drop(unneeded);
        is_left
    }

    /// The answer is not wanted any longer; what is left of it is for the caller to drop.
    pub(super) fn give_up(&self) -> impl Sized {
        std::mem::replace(&mut *self.lock(), Progress::Gone)
    }

    fn is_unwanted(&self) -> bool {
        matches!(&*self.lock(), Progress::Gone)
    }

    fn answer(&self, answer: Answer<F, E>) -> Turned {
        let mut progress = self.lock();
        let mut unneeded = match &*progress {
            Progress::Queued { .. } | Progress::Calling { .. } => {
                std::mem::replace(&mut *progress, Progress::Answered(answer))
            }
            Progress::Answered(_) | Progress::Gone => Progress::Answered(answer),
        };
        drop(progress);
        self.is_answered.store(1, Ordering::Relaxed);
        let waker = match &mut unneeded {
            Progress::Queued { waker, .. } | Progress::Calling { waker } => waker.take(),
            Progress::Answered(_) | Progress::Gone => None,
        };
        // A request that was not called, or an answer that nobody wants.
        drop(isolated(|| drop(unneeded)));
        Turned::Done(waker)
    }

    fn take_request(&self) -> Taken<Request> {
        let mut progress = self.lock();
        match std::mem::replace(&mut *progress, Progress::Gone) {
            Progress::Queued { request, deadline, waker } => {
                *progress = Progress::Calling { waker };
                drop(progress);
                match deadline.is_some_and(Deadline::is_expired) {
                    true => Taken::Expired(request),
                    false => Taken::Wanted(request, deadline),
                }
            }
            other => {
                *progress = other;
                Taken::Unwanted
            }
        }
    }
}

impl<S, Request> Entry<S> for Slot<S::Future, S::Error, Request>
where
    S: Service<Request, Error: Send, Future: Send>,
    Request: Send,
{
    fn turn(&self, service: &mut S, cx: &mut Context<'_>) -> Turned {
        // A panic is for the request's caller.
        match isolated(|| service.poll_ready(cx)) {
            Ok(Poll::Pending) => return Turned::NotReady,
            Ok(Poll::Ready(Ok(()))) => {}
            Ok(Poll::Ready(Err(error))) => return self.answer(Answer::Failed(error)),
            Err(panic) => return self.answer(Answer::Panicked(panic)),
        }
        let (request, deadline) = match self.take_request() {
            Taken::Wanted(request, deadline) => (request, deadline),
            Taken::Expired(request) => {
                drop(isolated(|| drop(request)));
                return self.answer(Answer::Expired);
            }
            Taken::Unwanted => return Turned::Done(None),
        };
        self.answer(match isolated(|| Deadline::exactly(deadline, || service.call(request))) {
            Ok(future) => Answer::Called(future),
            Err(panic) => Answer::Panicked(panic),
        })
    }

    fn take_waker(&self) -> Option<Waker> {
        match &mut *self.lock() {
            Progress::Queued { waker, .. } => waker.take(),
            _ => None,
        }
    }

    fn is_unwanted(&self) -> bool {
        self.is_unwanted()
    }
}
