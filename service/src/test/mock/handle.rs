//! Who plays the service.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use super::SendResponse;
use super::service::{Shared, lock};
use crate::BoxError;
use crate::error::SharedError;

/// Plays a [`Mock`](super::Mock): takes its requests and answers them. When it is dropped the service fails.
pub struct Handle<T, U> {
    stage: Shared<T, U>,
}

impl<T, U> Handle<T, U> {
    pub(super) fn new(stage: Shared<T, U>) -> Self {
        Self { stage }
    }

    /// The next request and what to answer it with; none once all services are gone.
    pub fn poll_request(&mut self, cx: &mut Context<'_>) -> Poll<Option<(T, SendResponse<U>)>> {
        let waker = cx.waker().clone();
        let mut stage = lock(&self.stage);
        if let Some(request) = stage.requests.pop_front() {
            return Poll::Ready(Some(request));
        }
        if !stage.has_services() {
            return Poll::Ready(None);
        }
        let stale = stage.player.replace(waker);
        drop(stage);
        drop(stale);
        Poll::Pending
    }

    /// The next request and what to answer it with; none once all services are gone.
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses no request.
    pub async fn next_request(&mut self) -> Option<(T, SendResponse<U>)> {
        poll_fn(|cx| self.poll_request(cx)).await
    }

    /// Lets so many calls be made from now on, whatever was allowed before.
    pub fn allow(&mut self, calls: u64) {
        let mut stage = lock(&self.stage);
        stage.allowed = calls;
        let waiting = if calls > 0 { std::mem::take(&mut stage.waiting) } else { Default::default() };
        drop(stage);
        waiting.into_values().for_each(Waker::wake);
    }

    /// Fails readiness from now on.
    pub fn send_error(&mut self, error: impl Into<BoxError>) {
        let error = SharedError::new(error);
        let mut stage = lock(&self.stage);
        let old = stage.error.replace(error);
        let waiting = std::mem::take(&mut stage.waiting);
        drop(stage);
        drop(old);
        waiting.into_values().for_each(Waker::wake);
    }
}

impl<T, U> Drop for Handle<T, U> {
    fn drop(&mut self) {
        let mut stage = lock(&self.stage);
        stage.is_played = false;
        let requests = std::mem::take(&mut stage.requests);
        let waiting = std::mem::take(&mut stage.waiting);
        drop(stage);
        drop(requests);
        waiting.into_values().for_each(Waker::wake);
    }
}

impl<T, U> fmt::Debug for Handle<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("mock::Handle").finish_non_exhaustive()
    }
}
