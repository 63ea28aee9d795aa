//! How the drivers call a lean service.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Extensions, StatusCode};
use minato_service::BoxError;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::fields::Written;
use super::request::{Content, Request};
use super::response::Response;
use crate::body::Body;
use crate::h1::request::RequestHead;
use crate::h1::usual::{Line, Usual};
use crate::server::callee::{Answer, Callee, Told, status_of};

/// A service over lean requests.
#[derive(Debug, Clone)]
pub(crate) struct Lean<S>(pub(crate) S);

impl<S> Callee for Lean<S>
where
    S: Service<Request>,
    S::Response: Into<Response>,
    S::Error: Into<BoxError>,
{
    type Head = Box<Content>;
    type Future = S::Future;
    type Output = Result<S::Response, S::Error>;
    type Fields = Written;
    type Body = Body;
    type Service = Typed<S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StatusCode>> {
        self.0.poll_ready(cx).map_err(status_of)
    }

    fn usual(head: Usual, bytes: &[u8], lines: &[Line]) -> Option<Box<Content>> {
        Content::usual(head, bytes, lines)
    }

    fn typed(head: RequestHead) -> Box<Content> {
        Content::typed(head)
    }

    fn extensions(head: &mut Box<Content>) -> &mut Extensions {
        head.extensions()
    }

    fn call(&mut self, head: Box<Content>, body: Body, told: Option<Told<'_>>) -> S::Future {
        self.0.call(Request::new(head, body, told))
    }

    fn answer(output: Self::Output) -> Result<Answer<Written, Body>, StatusCode> {
        match output {
            Ok(response) => Ok(response.into().into_answer()),
            Err(error) => Err(status_of(error)),
        }
    }

    fn keep(fields: Written) {
        fields.keep();
    }

    fn into_service(self) -> Typed<S> {
        Typed(self.0)
    }
}

/// A lean service as one over typed requests, for HTTP/2.
#[derive(Debug, Clone)]
pub(crate) struct Typed<S>(S);

impl<S> Service<http::Request<Body>> for Typed<S>
where
    S: Service<Request>,
    S::Response: Into<Response>,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = TypedFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        TypedFuture { future: self.0.call(request.into()) }
    }
}

pin_project! {
    /// The future of [`Typed`].
    pub(crate) struct TypedFuture<F> {
        #[pin]
        future: F,
    }
}

impl<F, T, E> Future for TypedFuture<F>
where
    F: Future<Output = Result<T, E>>,
    T: Into<Response>,
{
    type Output = Result<http::Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let response = ready!(self.project().future.poll(cx));
        Poll::Ready(response.map(|response| response.into().into_http()))
    }
}
