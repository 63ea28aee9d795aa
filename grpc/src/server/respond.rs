//! The responses.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use minato_http::Body;

use crate::call::Call;
use crate::status::{self, Code};
use crate::{Result, Status};

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");

/// The response of a call that answers once. Head, message and trailers leave together.
pub(super) fn single(call: &Call, result: Result<Bytes>) -> Response<Body> {
    match result {
        Ok(message) => {
            let trailers = trailers(call, Ok(()));
            with_headers(call, Body::full_with_trailers(message, trailers))
        }
        Err(status) => failed(call, status),
    }
}

/// The response of a call that fails before its first message.
pub(super) fn failed(call: &Call, status: Status) -> Response<Body> {
    let trailers = trailers(call, Err(status));
    if call.answer().headers.is_empty() {
        return trailers_only(trailers);
    }
    with_headers(call, Body::full_with_trailers(Bytes::new(), trailers))
}

/// The response to a request that does not become a call.
pub(super) fn refused(status: &Status) -> Response<Body> {
    let mut trailers = HeaderMap::with_capacity(4);
    status::write(status, &mut trailers);
    trailers_only(trailers)
}

/// gRPC over HTTP/2: "Trailers-Only is permitted for calls that produce an immediate error."
fn trailers_only(mut trailers: HeaderMap) -> Response<Body> {
    trailers.insert(header::CONTENT_TYPE, CONTENT_TYPE);
    let mut response = Response::new(Body::empty());
    *response.headers_mut() = trailers;
    response
}

/// A response with the headers of the handler.
pub(super) fn with_headers(call: &Call, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let metadata = std::mem::take(&mut call.answer().headers);
    *response.headers_mut() = metadata.into_headers();
    response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
    response
}

/// The trailers of the handler, with the outcome of the call.
pub(super) fn trailers(call: &Call, result: Result<()>) -> HeaderMap {
    let mut fields = std::mem::take(&mut call.answer().trailers).into_headers();
    match result {
        Ok(()) => {
            fields.insert(status::STATUS, HeaderValue::from_static(Code::Ok.to_wire()));
        }
        Err(status) => status::write(&status, &mut fields),
    }
    fields
}

/// A response that is not gRPC.
pub(super) fn http(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}
