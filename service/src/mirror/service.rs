//! The service whose requests are copied.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use crate::clock::spawn;
use crate::deadline::Deadline;
use crate::ext::ServiceExt;
use crate::limit::permits::{Limit, Permit};
use crate::observe::Event;
use crate::reusable::Reusable;

crate::access::access_inner! {
    impl<S, S2, C> Mirror<S, S2, C>;
}

/// A service whose requests another one gets copies of, made by a [`MirrorLayer`](super::MirrorLayer).
#[derive(Clone)]
pub struct Mirror<S, S2, C> {
    inner: S,
    shadow: S2,
    copy: C,
    limit: Arc<Limit>,
}

impl<S, S2, C> Mirror<S, S2, C> {
    pub(super) fn new(inner: S, shadow: S2, copy: C, limit: Arc<Limit>) -> Self {
        Self { inner, shadow, copy, limit }
    }
}

impl<S, S2, C> Mirror<S, S2, C> {
    /// Sends a copy, which nobody waits for.
    fn send<Request>(&self, copy: Request, permit: Permit)
    where
        S2: Service<Request> + Reusable + Send + 'static,
        S2::Future: Send,
        S2::Response: Send,
        S2::Error: Send,
        Request: Send + 'static,
    {
        let call = self.shadow.clone().oneshot(copy);
        let deadline = Deadline::current();
        let watch = self.limit.watch.clone();
        spawn(async move {
            let result = match deadline {
                // Whoever copies traffic wants its deadlines copied, too.
                Some(deadline) => deadline.scope(call).await,
                None => call.await,
            };
            if result.is_err() {
                watch.tell(|| Event::MirrorFailed);
            }
            drop(permit);
        });
    }
}

impl<S: fmt::Debug, S2, C> fmt::Debug for Mirror<S, S2, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mirror").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, S2, C, Request> Service<Request> for Mirror<S, S2, C>
where
    S: Service<Request>,
    S2: Service<Request> + Reusable + Send + 'static,
    S2::Future: Send,
    S2::Response: Send,
    S2::Error: Send,
    C: Fn(&Request) -> Option<Request>,
    Request: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    /// # Panics
    ///
    /// Outside a runtime, which copies are sent on.
    fn call(&mut self, request: Request) -> S::Future {
        match self.limit.try_acquire() {
            None => self.limit.watch.tell(|| Event::MirrorSkipped),
            Some(permit) => {
                if let Some(copy) = (self.copy)(&request) {
                    self.send(copy, permit);
                }
            }
        }
        self.inner.call(request)
    }
}
