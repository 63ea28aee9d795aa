//! The service whose calls are watched, and their future.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::guard::{Guard, UntilResponse};
use super::{Dropped, Watched};

crate::access::access_inner! {
    impl<S, F, W> EarlyDrop<S, F, W>;
}

/// A service that tells of calls that are dropped before their end, made by an
/// [`EarlyDropLayer`](super::EarlyDropLayer).
pub struct EarlyDrop<S, F, W = UntilResponse> {
    inner: S,
    function: F,
    watched: PhantomData<fn() -> W>,
}

impl<S, F, W> EarlyDrop<S, F, W> {
    pub(super) const fn new(inner: S, function: F) -> Self {
        Self { inner, function, watched: PhantomData }
    }
}

impl<S: Clone, F: Clone, W> Clone for EarlyDrop<S, F, W> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.function.clone())
    }
}

impl<S: fmt::Debug, F, W> fmt::Debug for EarlyDrop<S, F, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EarlyDrop").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, F, W, Request> Service<Request> for EarlyDrop<S, F, W>
where
    S: Service<Request>,
    F: Fn(Dropped) + Clone,
    W: Watched<S::Response, F>,
{
    type Response = W::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, F, W>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let guard = Some(Guard::new(self.function.clone()));
        ResponseFuture { inner: self.inner.call(request), guard, watched: PhantomData }
    }
}

pin_project! {
    /// The future of [`EarlyDrop`].
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<Fut, F, W>
    where
        F: Fn(Dropped),
    {
        #[pin]
        inner: Fut,
        guard: Option<Guard<F>>,
        watched: PhantomData<fn() -> W>,
    }
}

impl<Fut, F, W, Response, Error> Future for ResponseFuture<Fut, F, W>
where
    Fut: Future<Output = Result<Response, Error>>,
    F: Fn(Dropped),
    W: Watched<Response, F>,
{
    type Output = Result<W::Response, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = this.inner.poll(cx);
        if polled.is_pending() {
            this.guard.as_mut().into_iter().for_each(Guard::begin);
        }
        let result = ready!(polled);
        let mut guard = this.guard.take().expect("polled after completion");
        Poll::Ready(match result {
            Ok(response) => Ok(W::watch(response, guard)),
            Err(error) => {
                guard.end();
                Err(error)
            }
        })
    }
}

impl<Fut, F: Fn(Dropped), W> fmt::Debug for ResponseFuture<Fut, F, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("early_drop::ResponseFuture").finish_non_exhaustive()
    }
}
