//! One of two services or layers.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_layer::{Identity, Layer};
use tower_service::Service;

/// One of two services with the same response, or one of two layers.
///
/// The error is that of the left side, into which the right side's must convert: a layer that adds a way to fail
/// can so be optional.
#[derive(Debug, Clone, Copy)]
pub enum Either<A, B> {
    /// The first alternative, which gives the error type.
    Left(A),
    /// The second alternative.
    Right(B),
}

/// A layer that may be absent.
///
/// ```
/// use std::time::Duration;
/// use minato_service::{ServiceBuilder, option_layer, timeout::TimeoutLayer};
///
/// let limit = Some(Duration::from_secs(3));
/// let layers = ServiceBuilder::new().layer(option_layer(limit.map(TimeoutLayer::new)));
/// # drop(layers);
/// ```
pub fn option_layer<L>(layer: Option<L>) -> Either<L, Identity> {
    match layer {
        Some(layer) => Either::Left(layer),
        None => Either::Right(Identity::new()),
    }
}

impl<S, A: Layer<S>, B: Layer<S>> Layer<S> for Either<A, B> {
    type Service = Either<A::Service, B::Service>;

    fn layer(&self, inner: S) -> Self::Service {
        match self {
            Self::Left(layer) => Either::Left(layer.layer(inner)),
            Self::Right(layer) => Either::Right(layer.layer(inner)),
        }
    }
}

impl<Request, A, B> Service<Request> for Either<A, B>
where
    A: Service<Request>,
    B: Service<Request, Response = A::Response>,
    B::Error: Into<A::Error>,
{
    type Response = A::Response;
    type Error = A::Error;
    type Future = EitherFuture<A::Future, B::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), A::Error>> {
        match self {
            Self::Left(service) => service.poll_ready(cx),
            Self::Right(service) => service.poll_ready(cx).map_err(Into::into),
        }
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self {
            Self::Left(service) => EitherFuture { side: Side::Left { future: service.call(request) } },
            Self::Right(service) => EitherFuture { side: Side::Right { future: service.call(request) } },
        }
    }
}

pin_project! {
    /// The future of an [`Either`] service.
    #[must_use = "futures do nothing unless polled"]
    pub struct EitherFuture<A, B> {
        #[pin]
        side: Side<A, B>,
    }
}

pin_project! {
    #[project = SideProj]
    enum Side<A, B> {
        Left {
            #[pin]
            future: A,
        },
        Right {
            #[pin]
            future: B,
        },
    }
}

impl<A, B, Response, ErrorA, ErrorB> Future for EitherFuture<A, B>
where
    A: Future<Output = Result<Response, ErrorA>>,
    B: Future<Output = Result<Response, ErrorB>>,
    ErrorB: Into<ErrorA>,
{
    type Output = Result<Response, ErrorA>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().side.project() {
            SideProj::Left { future } => future.poll(cx),
            SideProj::Right { future } => future.poll(cx).map_err(Into::into),
        }
    }
}

impl<A, B> fmt::Debug for EitherFuture<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EitherFuture").finish_non_exhaustive()
    }
}
