//! Middleware as one async function.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use crate::ext::ServiceExt;
use crate::readied::{Readied, take_ready};
use crate::reusable::Reusable;

crate::access::access_inner! {
    impl<F, S, Request> FromFn<F, S, Request>;
}

/// Makes a [`Layer`] of an async function that takes the request and the [`Next`] service.
///
/// Nothing is boxed: the future of the resulting service is the function's own. What the inner service answers is only
/// known once the layer is applied, so a closure that looks into the response names its type.
///
/// ```
/// use std::convert::Infallible;
/// use minato_service::{Layer, Next, ServiceExt, from_fn, service_fn};
///
/// let shout = from_fn(|name: String, next: Next<_>| async move {
///     let reply: String = next.call(name).await?;
///     Ok::<_, Infallible>(reply.to_uppercase())
/// });
/// let service = shout.layer(service_fn(|name: String| async move { Ok::<_, Infallible>(format!("hi {name}")) }));
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
/// # let Poll::Ready(reply) = pin!(service.oneshot("bo".into())).as_mut()
/// #     .poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
/// assert_eq!(reply, Ok("HI BO".to_owned()));
/// ```
pub fn from_fn<F, S, Request, Fut>(function: F) -> FromFnLayer<F, S, Request>
where
    F: Fn(Request, Next<S>) -> Fut + Clone,
    Fut: Future,
{
    FromFnLayer { function, types: PhantomData }
}

/// The rest of the stack, as middleware made by [`from_fn`] sees it: ready, and good for one call.
#[derive(Debug)]
#[must_use = "readiness may hold a reservation that others are waiting for"]
pub struct Next<S> {
    readied: Readied<S>,
}

impl<S> Next<S> {
    /// Passes the request on.
    pub fn call<Request>(self, request: Request) -> S::Future
    where
        S: Service<Request>,
    {
        self.readied.call(request)
    }

    /// Another readied instance of the rest of the stack, for a second attempt.
    ///
    /// # Errors
    ///
    /// The error of the inner service, where it cannot become ready.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the instance that was to become ready, and what it holds: a permit, a place in a queue.
    pub async fn ready<Request>(&self) -> Result<Self, S::Error>
    where
        S: Service<Request> + Reusable,
    {
        let mut service = self.readied.get_ref().clone();
        service.ready().await?;
        Ok(Self { readied: take_ready(&mut service) })
    }
}

/// A [`Layer`] made by [`from_fn`].
pub struct FromFnLayer<F, S, Request> {
    function: F,
    types: PhantomData<fn(S, Request)>,
}

impl<F: Clone, S, Request> Clone for FromFnLayer<F, S, Request> {
    fn clone(&self) -> Self {
        Self { function: self.function.clone(), types: PhantomData }
    }
}

impl<F, S, Request> fmt::Debug for FromFnLayer<F, S, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromFnLayer").finish_non_exhaustive()
    }
}

impl<F: Clone, S, Request> Layer<S> for FromFnLayer<F, S, Request> {
    type Service = FromFn<F, S, Request>;

    fn layer(&self, inner: S) -> Self::Service {
        FromFn { function: self.function.clone(), inner, request: PhantomData }
    }
}

/// The service a [`from_fn`] layer makes.
pub struct FromFn<F, S, Request> {
    function: F,
    inner: S,
    request: PhantomData<fn(Request)>,
}

impl<F: Clone, S: Clone, Request> Clone for FromFn<F, S, Request> {
    fn clone(&self) -> Self {
        Self { function: self.function.clone(), inner: self.inner.clone(), request: PhantomData }
    }
}

impl<F, S: fmt::Debug, Request> fmt::Debug for FromFn<F, S, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromFn").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<F, S, Request, Fut, Response, Error> Service<Request> for FromFn<F, S, Request>
where
    F: Fn(Request, Next<S>) -> Fut,
    Fut: Future<Output = Result<Response, Error>>,
    S: Service<Request> + Reusable,
    Error: From<S::Error>,
{
    type Response = Response;
    type Error = Error;
    type Future = Fut;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from)
    }

    fn call(&mut self, request: Request) -> Fut {
        (self.function)(request, Next { readied: take_ready(&mut self.inner) })
    }
}
