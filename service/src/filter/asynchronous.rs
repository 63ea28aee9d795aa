//! The predicate that may wait: its layer, service and future.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::AsyncPredicate;
use crate::readied::{Readied, take_ready};
use crate::reusable::Reusable;

crate::access::access_inner! {
    impl<S, P> AsyncFilter<S, P>;
}

/// A service that sees only the requests its [`AsyncPredicate`] lets through.
///
/// The instance that was polled ready waits for the decision together with the request.
#[derive(Clone, Copy)]
pub struct AsyncFilter<S, P> {
    inner: S,
    predicate: P,
}

impl<S, P> AsyncFilter<S, P> {
    /// Shows `inner` what `predicate` lets through.
    pub const fn new(inner: S, predicate: P) -> Self {
        Self { inner, predicate }
    }

    /// The layer with `predicate`.
    pub const fn layer(predicate: P) -> AsyncFilterLayer<P> {
        AsyncFilterLayer::new(predicate)
    }
}

impl<S: fmt::Debug, P> fmt::Debug for AsyncFilter<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFilter").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// A layer that lets requests through as its async predicate says.
#[derive(Clone, Copy)]
pub struct AsyncFilterLayer<P> {
    predicate: P,
}

impl<P> AsyncFilterLayer<P> {
    /// A layer with `predicate`, cloned for each service.
    pub const fn new(predicate: P) -> Self {
        Self { predicate }
    }
}

impl<P> fmt::Debug for AsyncFilterLayer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFilterLayer").finish_non_exhaustive()
    }
}

impl<P: Clone, S> Layer<S> for AsyncFilterLayer<P> {
    type Service = AsyncFilter<S, P>;

    fn layer(&self, inner: S) -> Self::Service {
        AsyncFilter::new(inner, self.predicate.clone())
    }
}

impl<S, P, Request> Service<Request> for AsyncFilter<S, P>
where
    P: AsyncPredicate<Request>,
    S: Service<P::Request> + Reusable,
    P::Error: Into<S::Error>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = AsyncResponseFuture<P::Future, S, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let decision = self.predicate.check(request);
        let readied = Some(take_ready(&mut self.inner));
        AsyncResponseFuture { state: State::Deciding { decision, readied } }
    }
}

pin_project! {
    /// The future of [`AsyncFilter`].
    #[must_use = "futures do nothing unless polled"]
    pub struct AsyncResponseFuture<D, S, F> {
        #[pin]
        state: State<D, S, F>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<D, S, F> {
        Deciding {
            #[pin]
            decision: D,
            readied: Option<Readied<S>>,
        },
        Called {
            #[pin]
            future: F,
        },
    }
}

impl<D, S, To, E> Future for AsyncResponseFuture<D, S, S::Future>
where
    D: Future<Output = Result<To, E>>,
    S: Service<To>,
    E: Into<S::Error>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Deciding { decision, readied } => {
                    let decided = ready!(decision.poll(cx));
                    let readied = readied.take().expect("polled after completion");
                    let future = readied.call(decided.map_err(Into::into)?);
                    state.set(State::Called { future });
                }
                StateProj::Called { future } => return future.poll(cx),
            }
        }
    }
}

impl<D, S, F> fmt::Debug for AsyncResponseFuture<D, S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("filter::AsyncResponseFuture").finish_non_exhaustive()
    }
}
