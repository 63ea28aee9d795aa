//! The service that clones share.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::ResponseFuture;
use super::turns::{Entered, Turns};
use crate::before_use::before_use;
use crate::deadline::Deadline;
use crate::limit::ConcurrencyHandle;
use crate::limit::concurrency::Reservation;
use crate::limit::permits::Limit;
use crate::observe::{Observer, Watch};

/// A service whose clones share the one inside.
pub struct Buffer<S> {
    turns: Arc<Turns<S>>,
    room: Reservation,
}

impl<S> Buffer<S> {
    /// Shares `inner`, and lets at most `bound` requests wait for their turn.
    ///
    /// # Panics
    ///
    /// If `bound` is zero.
    #[must_use]
    pub fn new(inner: S, bound: usize) -> Self {
        assert!(bound > 0, "`bound` is zero: nothing could wait for its turn");
        Self { turns: Turns::new(inner), room: Reservation::new(Arc::new(Limit::new(bound))) }
    }

    /// Tells `observer` of requests that had expired when their turn came, and of changes of how many may wait.
    ///
    /// # Panics
    ///
    /// If there is a clone or a handle already.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        let watch = Watch::new(observer);
        before_use(&mut self.turns, "observer").watch = watch.clone();
        before_use(self.room.limit_mut(), "observer").watch = watch;
        self
    }

    /// Looks at how many wait, and changes how many may.
    pub fn handle(&self) -> ConcurrencyHandle {
        ConcurrencyHandle::new(self.room.limit().clone())
    }
}

impl<S> Clone for Buffer<S> {
    fn clone(&self) -> Self {
        Self { turns: self.turns.clone(), room: self.room.clone() }
    }
}

impl<S> fmt::Debug for Buffer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("room", &self.room).finish_non_exhaustive()
    }
}

impl<S, Request> Service<Request> for Buffer<S>
where
    S: Service<Request> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    Request: Send + 'static,
{
    type Response = S::Response;
    type Error = crate::OverloadError<S::Error>;
    type Future = ResponseFuture<S, Request>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.room.poll_reserve(cx).map(Ok)
    }

    /// # Panics
    ///
    /// If `poll_ready` has not answered since the last call.
    fn call(&mut self, request: Request) -> Self::Future {
        let permit = self.room.take();
        let deadline = Deadline::current();
        if deadline.is_some_and(Deadline::is_expired) {
            self.turns.tell_expired();
            return ResponseFuture::expired();
        }
        match self.turns.enter(request, deadline) {
            Entered::Called(called) => ResponseFuture::called(called),
            Entered::Waiting(waiting) => ResponseFuture::waiting(waiting, permit),
        }
    }
}
