//! Goes on with an async function after a call that went well.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

crate::access::access_inner! {
    impl<S, F> AndThen<S, F>;
}

/// A service that passes each response through an async function.
#[derive(Clone, Copy)]
pub struct AndThen<S, F> {
    inner: S,
    function: F,
}

impl<S, F> AndThen<S, F> {
    /// Wraps `inner`.
    pub fn new(inner: S, function: F) -> Self {
        Self { inner, function }
    }

    /// The layer that applies `function`.
    pub fn layer(function: F) -> AndThenLayer<F> {
        AndThenLayer::new(function)
    }
}

impl<S: fmt::Debug, F> fmt::Debug for AndThen<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AndThen").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// The layer of [`AndThen`].
#[derive(Clone, Copy)]
pub struct AndThenLayer<F> {
    function: F,
}

impl<F> AndThenLayer<F> {
    /// A layer that applies `function`.
    pub fn new(function: F) -> Self {
        Self { function }
    }
}

impl<F> fmt::Debug for AndThenLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AndThenLayer").finish_non_exhaustive()
    }
}

impl<S, F: Clone> Layer<S> for AndThenLayer<F> {
    type Service = AndThen<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        AndThen::new(inner, self.function.clone())
    }
}

impl<S, F, Request, Fut, Response, Error> Service<Request> for AndThen<S, F>
where
    S: Service<Request>,
    F: FnOnce(S::Response) -> Fut + Clone,
    Fut: Future<Output = Result<Response, Error>>,
    Error: From<S::Error>,
{
    type Response = Response;
    type Error = Error;
    type Future = AndThenFuture<S::Future, F, Fut>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let state = State::Inner { future: self.inner.call(request), function: Some(self.function.clone()) };
        AndThenFuture { state }
    }
}

pin_project! {
    /// The future of [`AndThen`].
    #[must_use = "futures do nothing unless polled"]
    pub struct AndThenFuture<A, F, B> {
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

impl<A, F, B, From, ErrorA, Response, Error> Future for AndThenFuture<A, F, B>
where
    A: Future<Output = Result<From, ErrorA>>,
    F: FnOnce(From) -> B,
    B: Future<Output = Result<Response, Error>>,
    ErrorA: Into<Error>,
{
    type Output = Result<Response, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Inner { future, function } => {
                    let result = std::task::ready!(future.poll(cx));
                    let function = function.take().expect("polled after completion");
                    let future = match result {
                        Ok(response) => function(response),
                        Err(error) => return Poll::Ready(Err(error.into())),
                    };
                    state.set(State::Outer { future });
                }
                StateProj::Outer { future } => return future.poll(cx),
            }
        }
    }
}

impl<A, F, B> fmt::Debug for AndThenFuture<A, F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AndThenFuture").finish_non_exhaustive()
    }
}
