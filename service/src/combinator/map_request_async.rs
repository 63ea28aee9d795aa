//! Changes the request on its way in, after a while.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::readied::{Readied, take_ready};
use crate::reusable::Reusable;

crate::access::access_inner! {
    impl<S, F> MapRequestAsync<S, F>;
}

/// A service that is called with what an async function makes of the request.
///
/// The instance that was polled ready waits for that together with the request.
#[derive(Clone, Copy)]
pub struct MapRequestAsync<S, F> {
    inner: S,
    function: F,
}

impl<S, F> MapRequestAsync<S, F> {
    /// Wraps `inner`.
    pub const fn new(inner: S, function: F) -> Self {
        Self { inner, function }
    }
}

impl<S: fmt::Debug, F> fmt::Debug for MapRequestAsync<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapRequestAsync").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// The layer of [`MapRequestAsync`].
#[derive(Clone, Copy)]
pub struct MapRequestAsyncLayer<F> {
    function: F,
}

impl<F> MapRequestAsyncLayer<F> {
    /// A layer that applies `function`.
    pub const fn new(function: F) -> Self {
        Self { function }
    }
}

impl<F> fmt::Debug for MapRequestAsyncLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapRequestAsyncLayer").finish_non_exhaustive()
    }
}

impl<S, F: Clone> Layer<S> for MapRequestAsyncLayer<F> {
    type Service = MapRequestAsync<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        MapRequestAsync::new(inner, self.function.clone())
    }
}

impl<S, F, Request, Fut> Service<Request> for MapRequestAsync<S, F>
where
    F: FnMut(Request) -> Fut,
    Fut: Future,
    S: Service<Fut::Output> + Reusable,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = MapRequestAsyncFuture<Fut, S, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let change = (self.function)(request);
        let state = State::Changing { change, readied: Some(take_ready(&mut self.inner)) };
        MapRequestAsyncFuture { state }
    }
}

pin_project! {
    /// The future of [`MapRequestAsync`].
    #[must_use = "futures do nothing unless polled"]
    pub struct MapRequestAsyncFuture<C, S, F> {
        #[pin]
        state: State<C, S, F>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<C, S, F> {
        Changing {
            #[pin]
            change: C,
            readied: Option<Readied<S>>,
        },
        Called {
            #[pin]
            future: F,
        },
    }
}

impl<C, S> Future for MapRequestAsyncFuture<C, S, S::Future>
where
    C: Future,
    S: Service<C::Output>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Changing { change, readied } => {
                    let request = ready!(change.poll(cx));
                    let readied = readied.take().expect("polled after completion");
                    state.set(State::Called { future: readied.call(request) });
                }
                StateProj::Called { future } => return future.poll(cx),
            }
        }
    }
}

impl<C, S, F> fmt::Debug for MapRequestAsyncFuture<C, S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapRequestAsyncFuture").finish_non_exhaustive()
    }
}
