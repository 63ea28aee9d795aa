//! The service that does not wait for ever.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tower_service::Service;

use super::layer::Shared;
use super::{FailFastError, ResponseFuture, Unready};
use crate::clock::Timer;

crate::access::access_inner! {
    impl<S> FailFast<S>;
}

/// A service that answers at once when the one inside has not been ready for a while, made by a
/// [`FailFastLayer`](super::FailFastLayer).
pub struct FailFast<S> {
    inner: S,
    shared: Arc<Shared>,
    /// What this instance knows of the service inside. A clone knows nothing.
    standing: Standing,
}

#[derive(Debug)]
enum Standing {
    Unknown,
    Ready,
    /// Not ready, and to be waited for until the timer has elapsed.
    Pending(Timer),
    /// Not ready for longer than callers wait.
    Failing(Duration),
}

impl<S> FailFast<S> {
    pub(super) fn new(inner: S, shared: Arc<Shared>) -> Self {
        Self { inner, shared, standing: Standing::Unknown }
    }
}

impl<S: Clone> Clone for FailFast<S> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.shared.clone())
    }
}

impl<S: fmt::Debug> fmt::Debug for FailFast<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailFast").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S: Service<Request>, Request> Service<Request> for FailFast<S> {
    type Response = S::Response;
    type Error = FailFastError<S::Error>;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if let Poll::Ready(ready) = self.inner.poll_ready(cx) {
            self.shared.note_ready();
            self.standing = Standing::Ready;
            return Poll::Ready(ready.map_err(FailFastError::Inner));
        }
        loop {
            let since = self.shared.note_pending();
            let left = self.shared.patience().saturating_sub(since);
            if left.is_zero() {
                self.standing = Standing::Failing(since);
                return Poll::Ready(Ok(()));
            }
            let timer = match &mut self.standing {
                Standing::Pending(timer) => timer,
                standing => {
                    *standing = Standing::Pending(Timer::new(left));
                    continue;
                }
            };
            ready!(timer.poll_elapsed(cx));
            // Readiness came and went meanwhile, or the patience was changed: whatever is left is waited for.
            self.standing = Standing::Unknown;
        }
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match std::mem::replace(&mut self.standing, Standing::Unknown) {
            Standing::Failing(since) => {
                self.shared.tell_refusal();
                ResponseFuture::refused(Unready { since })
            }
            _ => ResponseFuture::called(self.inner.call(request)),
        }
    }
}
