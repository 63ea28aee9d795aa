//! Services whose errors are put in another form.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::{BoxError, Split, SplitError};

crate::access::access_inner! {
    impl<S> Lift<S>;
    impl<S> BoxErrors<S>;
    impl<S, F> OrResponse<S, F>;
}

/// A service whose inner layer's refusals become errors of the service inside that layer.
///
/// ```
/// use minato_service::{OverloadError, Overloaded, ServiceBuilder, ServiceExt, service_fn};
///
/// #[derive(Debug, PartialEq)]
/// enum MyError { Busy }
/// impl From<Overloaded> for MyError {
///     fn from(_: Overloaded) -> Self { Self::Busy }
/// }
/// let service = ServiceBuilder::new()
///     .lift()
///     .load_shed()
///     .service(service_fn(|n: u32| async move { Ok::<_, MyError>(n) }));
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
/// # let Poll::Ready(reply) = pin!(service.oneshot(1)).as_mut()
/// #     .poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
/// assert_eq!(reply, Ok::<u32, MyError>(1));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Lift<S> {
    inner: S,
}

impl<S> Lift<S> {
    /// Lifts the refusals of `inner`.
    pub const fn new(inner: S) -> Self {
        Self { inner }
    }
}

/// The layer of [`Lift`].
#[derive(Debug, Clone, Copy, Default)]
pub struct LiftLayer(());

impl LiftLayer {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for LiftLayer {
    type Service = Lift<S>;

    fn layer(&self, inner: S) -> Lift<S> {
        Lift::new(inner)
    }
}

fn lift<E: SplitError<Inner: From<E::Refusal>>>(error: E) -> E::Inner {
    match error.split() {
        Split::Refusal(refusal) => refusal.into(),
        Split::Inner(error) => error,
    }
}

impl<S, Request> Service<Request> for Lift<S>
where
    S: Service<Request>,
    S::Error: SplitError,
    <S::Error as SplitError>::Inner: From<<S::Error as SplitError>::Refusal>,
{
    type Response = S::Response;
    type Error = <S::Error as SplitError>::Inner;
    type Future = LiftFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(lift)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        LiftFuture { inner: self.inner.call(request) }
    }
}

pin_project! {
    /// The future of [`Lift`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct LiftFuture<F> {
        #[pin]
        inner: F,
    }
}

impl<F, Response, E> Future for LiftFuture<F>
where
    F: Future<Output = Result<Response, E>>,
    E: SplitError<Inner: From<E::Refusal>>,
{
    type Output = Result<Response, E::Inner>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().inner.poll(cx).map_err(lift)
    }
}

/// A service whose error is [`BoxError`], as in tower's own middleware.
#[derive(Debug, Clone, Copy)]
pub struct BoxErrors<S> {
    inner: S,
}

impl<S> BoxErrors<S> {
    /// Erases the errors of `inner`.
    pub const fn new(inner: S) -> Self {
        Self { inner }
    }
}

/// The layer of [`BoxErrors`].
#[derive(Debug, Clone, Copy, Default)]
pub struct BoxErrorsLayer(());

impl BoxErrorsLayer {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for BoxErrorsLayer {
    type Service = BoxErrors<S>;

    fn layer(&self, inner: S) -> BoxErrors<S> {
        BoxErrors::new(inner)
    }
}

impl<S, Request> Service<Request> for BoxErrors<S>
where
    S: Service<Request, Error: Into<BoxError>>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxErrorsFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        BoxErrorsFuture { inner: self.inner.call(request) }
    }
}

pin_project! {
    /// The future of [`BoxErrors`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct BoxErrorsFuture<F> {
        #[pin]
        inner: F,
    }
}

impl<F> BoxErrorsFuture<F> {
    pub(crate) const fn new(inner: F) -> Self {
        Self { inner }
    }
}

impl<F, Response, E> Future for BoxErrorsFuture<F>
where
    F: Future<Output = Result<Response, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().inner.poll(cx).map_err(Into::into)
    }
}

/// A service that answers the refusals of its inner layer with a response.
///
/// The error is that of the service inside the layer: `Infallible` stays `Infallible`.
///
/// ```
/// use std::convert::Infallible;
/// use minato_service::{Overloaded, ServiceBuilder, ServiceExt, service_fn};
///
/// let service = ServiceBuilder::new()
///     .or_response(|_: Overloaded| "busy")
///     .load_shed()
///     .service(service_fn(|(): ()| async { Ok::<_, Infallible>("done") }));
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
/// # let Poll::Ready(reply) = pin!(service.oneshot(())).as_mut()
/// #     .poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
/// assert_eq!(reply, Ok::<_, Infallible>("done"));
/// ```
#[derive(Clone, Copy)]
pub struct OrResponse<S, F> {
    inner: S,
    function: F,
}

impl<S, F> OrResponse<S, F> {
    /// Answers refusals of `inner` with what `function` makes of them.
    pub const fn new(inner: S, function: F) -> Self {
        Self { inner, function }
    }
}

impl<S: fmt::Debug, F> fmt::Debug for OrResponse<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrResponse").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// The layer of [`OrResponse`].
#[derive(Clone, Copy)]
pub struct OrResponseLayer<F> {
    function: F,
}

impl<F> OrResponseLayer<F> {
    /// A layer that answers refusals with what `function` makes of them.
    pub const fn new(function: F) -> Self {
        Self { function }
    }
}

impl<F> fmt::Debug for OrResponseLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrResponseLayer").finish_non_exhaustive()
    }
}

impl<S, F: Clone> Layer<S> for OrResponseLayer<F> {
    type Service = OrResponse<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        OrResponse::new(inner, self.function.clone())
    }
}

impl<S, F, Request> Service<Request> for OrResponse<S, F>
where
    S: Service<Request>,
    S::Error: SplitError,
    F: FnOnce(<S::Error as SplitError>::Refusal) -> S::Response + Clone,
{
    type Response = S::Response;
    type Error = <S::Error as SplitError>::Inner;
    type Future = OrResponseFuture<S::Future, F, <S::Error as SplitError>::Refusal>;

    /// # Panics
    ///
    /// If the inner layer refuses here, which [`SplitError`] rules out: there is no request yet to answer.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        match ready!(self.inner.poll_ready(cx)).map_err(SplitError::split) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(Split::Inner(error)) => Poll::Ready(Err(error)),
            Err(Split::Refusal(_)) => panic!("a layer refused before there was a request to refuse"),
        }
    }

    fn call(&mut self, request: Request) -> Self::Future {
        OrResponseFuture {
            inner: self.inner.call(request),
            function: Some(self.function.clone()),
            refusal: std::marker::PhantomData,
        }
    }
}

pin_project! {
    /// The future of [`OrResponse`].
    #[must_use = "futures do nothing unless polled"]
    pub struct OrResponseFuture<Fut, F, R> {
        #[pin]
        inner: Fut,
        function: Option<F>,
        refusal: std::marker::PhantomData<fn(R)>,
    }
}

impl<Fut, F, Response, E> Future for OrResponseFuture<Fut, F, E::Refusal>
where
    Fut: Future<Output = Result<Response, E>>,
    E: SplitError,
    F: FnOnce(E::Refusal) -> Response,
{
    type Output = Result<Response, E::Inner>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let error = match ready!(this.inner.poll(cx)) {
            Ok(response) => return Poll::Ready(Ok(response)),
            Err(error) => error,
        };
        Poll::Ready(match error.split() {
            Split::Refusal(refusal) => {
                let function = this.function.take().expect("polled after completion");
                Ok(function(refusal))
            }
            Split::Inner(error) => Err(error),
        })
    }
}

impl<Fut, F, R> fmt::Debug for OrResponseFuture<Fut, F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrResponseFuture").finish_non_exhaustive()
    }
}
