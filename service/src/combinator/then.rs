//! Goes on with an async function after every call.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

crate::access::access_inner! {
    impl<S, F> Then<S, F>;
}

/// A service that passes each outcome, good or bad, through an async function.
#[derive(Clone, Copy)]
pub struct Then<S, F> {
    inner: S,
    function: F,
}

impl<S, F> Then<S, F> {
    /// Wraps `inner`.
    pub fn new(inner: S, function: F) -> Self {
        Self { inner, function }
    }

    /// The layer that applies `function`.
    pub fn layer(function: F) -> ThenLayer<F> {
        ThenLayer::new(function)
    }
}

impl<S: fmt::Debug, F> fmt::Debug for Then<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Then").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// The layer of [`Then`].
#[derive(Clone, Copy)]
pub struct ThenLayer<F> {
    function: F,
}

impl<F> ThenLayer<F> {
    /// A layer that applies `function`.
    pub fn new(function: F) -> Self {
        Self { function }
    }
}

impl<F> fmt::Debug for ThenLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThenLayer").finish_non_exhaustive()
    }
}

impl<S, F: Clone> Layer<S> for ThenLayer<F> {
    type Service = Then<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        Then::new(inner, self.function.clone())
    }
}

impl<S, F, Request, Fut, Response, Error> Service<Request> for Then<S, F>
where
    S: Service<Request>,
    F: FnOnce(Result<S::Response, S::Error>) -> Fut + Clone,
    Fut: Future<Output = Result<Response, Error>>,
    Error: From<S::Error>,
{
    type Response = Response;
    type Error = Error;
    type Future = ThenFuture<S::Future, F, Fut>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let state = State::Inner { future: self.inner.call(request), function: Some(self.function.clone()) };
        ThenFuture { state }
    }
}

pin_project! {
    /// The future of [`Then`].
    #[must_use = "futures do nothing unless polled"]
    pub struct ThenFuture<A, F, B> {
        #[pin]
        state: State<A, F, B>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<A, F, B> {
        Inner {
            #[pin]
            future: A,
            function: Option<F>,
        },
        Outer {
            #[pin]
            future: B,
        },
    }
}

impl<A, F, B, From, ErrorA, Response, Error> Future for ThenFuture<A, F, B>
where
    A: Future<Output = Result<From, ErrorA>>,
    F: FnOnce(Result<From, ErrorA>) -> B,
    B: Future<Output = Result<Response, Error>>,
{
    type Output = Result<Response, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Inner { future, function } => {
                    let result = std::task::ready!(future.poll(cx));
                    let function = function.take().expect("polled after completion");
                    let future = function(result);
                    state.set(State::Outer { future });
                }
                StateProj::Outer { future } => return future.poll(cx),
            }
        }
    }
}

impl<A, F, B> fmt::Debug for ThenFuture<A, F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThenFuture").finish_non_exhaustive()
    }
}
