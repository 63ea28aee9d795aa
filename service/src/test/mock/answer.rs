//! One answer, from who plays the service to who called it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::BoxError;

/// The other side is gone: nobody plays the service, or nobody answered the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the mock is closed")
    }
}

impl std::error::Error for Closed {}

struct Slot<U> {
    answer: Option<Result<U, BoxError>>,
    waker: Option<Waker>,
}

type Shared<U> = Arc<Mutex<Slot<U>>>;

fn lock<U>(slot: &Shared<U>) -> MutexGuard<'_, Slot<U>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers one call. Dropped without an answer it fails the call.
#[must_use = "a call whose answer is dropped fails"]
pub struct SendResponse<U> {
    slot: Option<Shared<U>>,
}

impl<U> SendResponse<U> {
    fn send(&mut self, answer: Result<U, BoxError>) {
        let Some(slot) = self.slot.take() else { return };
        let mut shared = lock(&slot);
        shared.answer = Some(answer);
        let waker = shared.waker.take();
        drop(shared);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Answers with a response.
    pub fn send_response(mut self, response: U) {
        self.send(Ok(response));
    }

    /// Fails the call.
    pub fn send_error(mut self, error: impl Into<BoxError>) {
        self.send(Err(error.into()));
    }
}

impl<U> Drop for SendResponse<U> {
    fn drop(&mut self) {
        self.send(Err(Closed.into()));
    }
}

impl<U> fmt::Debug for SendResponse<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendResponse").finish_non_exhaustive()
    }
}

/// The future of a [`Mock`](super::Mock).
#[must_use = "futures do nothing unless polled"]
pub struct ResponseFuture<U> {
    slot: Shared<U>,
}

/// A call and its answer.
pub(super) fn pair<U>() -> (SendResponse<U>, ResponseFuture<U>) {
    let slot = Arc::new(Mutex::new(Slot { answer: None, waker: None }));
    (SendResponse { slot: Some(slot.clone()) }, ResponseFuture { slot })
}

impl<U> Future for ResponseFuture<U> {
    type Output = Result<U, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let waker = cx.waker().clone();
        let mut slot = lock(&self.slot);
        if let Some(answer) = slot.answer.take() {
            return Poll::Ready(answer);
        }
        let stale = slot.waker.replace(waker);
        drop(slot);
        drop(stale);
        Poll::Pending
    }
}

impl<U> fmt::Debug for ResponseFuture<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("mock::ResponseFuture").finish_non_exhaustive()
    }
}
