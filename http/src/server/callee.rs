//! Who answers the requests of a connection.
//!
//! The drivers do not know whether a request becomes an [`http::Request`], for a Tower service, or a
//! [`lean::Request`](crate::lean::Request). Both come out of one parser, under the same limits and the same clocks.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Buf;
use http::header::HeaderMap;
use http::{Extensions, Request, Response, StatusCode};
use minato_service::BoxError;
use tower_service::Service;

use super::watch::{Exchange, Watch};
use crate::body::Body;
use crate::buffers;
use crate::error::Error;
use crate::h1::encode::Fields;
use crate::h1::request::RequestHead;
use crate::h1::usual::{Line, Usual};

/// Who answers the requests of a connection.
pub(crate) trait Callee {
    /// What it makes of a request head.
    type Head;
    /// The work on a request.
    type Future: Future<Output = Self::Output>;
    /// What that comes to.
    type Output;
    /// The fields of its responses.
    type Fields: Fields;
    /// The bodies of its responses.
    type Body: http_body::Body<Data: Buf, Error: Into<BoxError>> + 'static;
    /// The same as a service over typed requests, as HTTP/2 has them.
    type Service: Service<Request<Body>, Response = Response<Self::Body>, Error: Into<BoxError>>;

    /// Ready when it takes a request; the status is for the one that waits, if it never will.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StatusCode>>;

    /// The head whose bytes these are; `None` to look at it more closely.
    fn usual(head: Usual, bytes: &[u8], lines: &[Line]) -> Option<Self::Head>;

    /// The head that has been looked at closely.
    fn typed(head: RequestHead) -> Self::Head;

    /// The extensions of the request.
    fn extensions(head: &mut Self::Head) -> &mut Extensions;

    /// Begins to work on a request.
    fn call(&mut self, head: Self::Head, body: Body, told: Option<Told<'_>>) -> Self::Future;

    /// The response; the status is for a request that was not answered.
    fn answer(output: Self::Output) -> Result<Answer<Self::Fields, Self::Body>, StatusCode>;

    /// Keeps what memory there is in fields that have been written.
    fn keep(fields: Self::Fields);

    /// The same for HTTP/2.
    fn into_service(self) -> Self::Service;
}

/// A response in parts.
pub(crate) struct Answer<F, B> {
    pub(crate) status: StatusCode,
    pub(crate) fields: F,
    pub(crate) extensions: Extensions,
    pub(crate) body: B,
}

/// What a request tells of its connection.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) watch: &'a Arc<Watch>,
    pub(crate) exchange: Exchange,
}

/// A service over typed requests.
#[derive(Debug, Clone)]
pub(crate) struct Tower<S>(pub(crate) S);

impl<S, B> Callee for Tower<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: http_body::Body + 'static,
    B::Data: Buf,
    B::Error: Into<BoxError>,
{
    /// The body comes later.
    type Head = Request<Body>;
    type Future = S::Future;
    type Output = Result<Response<B>, S::Error>;
    type Fields = HeaderMap;
    type Body = B;
    type Service = S;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StatusCode>> {
        self.0.poll_ready(cx).map_err(status_of)
    }

    fn usual(head: Usual, bytes: &[u8], lines: &[Line]) -> Option<Self::Head> {
        let bytes = buffers::copy_head(bytes);
        let mut request = Request::new(Body::empty());
        *request.headers_mut() = buffers::take_headers();
        head.fill(&bytes, lines, &mut request)?;
        Some(request)
    }

    fn typed(head: RequestHead) -> Self::Head {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = head.method;
        *request.uri_mut() = head.uri;
        *request.version_mut() = head.facts.asked.version;
        *request.headers_mut() = head.headers;
        request
    }

    fn extensions(head: &mut Self::Head) -> &mut Extensions {
        head.extensions_mut()
    }

    fn call(&mut self, mut head: Self::Head, body: Body, told: Option<Told<'_>>) -> Self::Future {
        if let Some(Told { watch, exchange }) = told {
            head.extensions_mut().insert(watch.info_of(exchange));
        }
        if !body.is_gone() {
            *head.body_mut() = body;
        }
        self.0.call(head)
    }

    fn answer(output: Self::Output) -> Result<Answer<HeaderMap, B>, StatusCode> {
        match output {
            Ok(response) => {
                let (head, body) = response.into_parts();
                Ok(Answer { status: head.status, fields: head.headers, extensions: head.extensions, body })
            }
            Err(error) => Err(status_of(error)),
        }
    }

    fn keep(fields: HeaderMap) {
        buffers::give_headers(fields);
    }

    fn into_service(self) -> S {
        self.0
    }
}

pub(crate) fn status_of(error: impl Into<BoxError>) -> StatusCode {
    Error::foreign(error).request_status().unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
