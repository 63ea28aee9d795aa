//! The service that is played.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tower_service::Service;

use super::answer::pair;
use super::{Closed, Handle, ResponseFuture, SendResponse};
use crate::BoxError;
use crate::error::SharedError;

/// What the services and the handle share.
pub(super) struct Stage<T, U> {
    pub(super) requests: VecDeque<(T, SendResponse<U>)>,
    /// Who waits for the next request.
    pub(super) player: Option<Waker>,
    /// Calls that may still be made.
    pub(super) allowed: u64,
    /// The services that wait to be ready.
    pub(super) waiting: HashMap<u64, Waker>,
    /// What readiness fails with from now on.
    pub(super) error: Option<SharedError>,
    pub(super) is_played: bool,
    services: usize,
    next_id: u64,
}

pub(super) type Shared<T, U> = Arc<Mutex<Stage<T, U>>>;

pub(super) fn lock<T, U>(stage: &Shared<T, U>) -> MutexGuard<'_, Stage<T, U>> {
    stage.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn shared<T, U>() -> (Mock<T, U>, Handle<T, U>) {
    let stage = Arc::new(Mutex::new(Stage {
        requests: VecDeque::new(),
        player: None,
        allowed: u64::MAX,
        waiting: HashMap::new(),
        error: None,
        is_played: true,
        services: 0,
        next_id: 0,
    }));
    (Mock::new(stage.clone()), Handle::new(stage))
}

impl<T, U> Stage<T, U> {
    /// Whether there may be further requests.
    pub(super) fn has_services(&self) -> bool {
        self.services > 0
    }
}

/// A service that a [`Handle`] plays. Clones are played by the same handle, and start unready.
pub struct Mock<T, U> {
    stage: Shared<T, U>,
    id: u64,
    is_ready: bool,
}

impl<T, U> Mock<T, U> {
    fn new(stage: Shared<T, U>) -> Self {
        let mut state = lock(&stage);
        state.services += 1;
        state.next_id += 1;
        let id = state.next_id;
        drop(state);
        Self { stage, id, is_ready: false }
    }
}

impl<T, U> Clone for Mock<T, U> {
    fn clone(&self) -> Self {
        Self::new(self.stage.clone())
    }
}

impl<T, U> fmt::Debug for Mock<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mock").field("is_ready", &self.is_ready).finish_non_exhaustive()
    }
}

impl<T, U> Drop for Mock<T, U> {
    fn drop(&mut self) {
        let mut stage = lock(&self.stage);
        stage.services -= 1;
        let own = stage.waiting.remove(&self.id);
        let player = if stage.services == 0 { stage.player.take() } else { None };
        drop(stage);
        drop(own);
        player.into_iter().for_each(Waker::wake);
    }
}

impl<T, U> Service<T> for Mock<T, U> {
    type Response = U;
    type Error = BoxError;
    type Future = ResponseFuture<U>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        let waker = cx.waker().clone();
        let mut stage = lock(&self.stage);
        if !stage.is_played {
            return Poll::Ready(Err(Closed.into()));
        }
        if let Some(error) = &stage.error {
            return Poll::Ready(Err(error.clone().into()));
        }
        if self.is_ready {
            return Poll::Ready(Ok(()));
        }
        if stage.allowed == 0 {
            let stale = stage.waiting.insert(self.id, waker);
            drop(stage);
            drop(stale);
            return Poll::Pending;
        }
        if stage.allowed != u64::MAX {
            stage.allowed -= 1;
        }
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    /// # Panics
    ///
    /// If this instance was not polled ready since its last call.
    fn call(&mut self, request: T) -> ResponseFuture<U> {
        assert!(std::mem::take(&mut self.is_ready), "a mock was called that was not polled ready");
        let (answer, future) = pair();
        let mut stage = lock(&self.stage);
        if !stage.is_played {
            // The call fails as its answer is dropped.
            drop(stage);
            return future;
        }
        stage.requests.push_back((request, answer));
        let player = stage.player.take();
        drop(stage);
        player.into_iter().for_each(Waker::wake);
        future
    }
}
