//! The responses.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use minato_http::Body;

use crate::call::Call;
use crate::status::{self, Code};
use crate::{Result, Status};

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");

/// The response of a call that answers once. Head, message and trailers leave together.
///
/// The call is over, so the map of its request's fields can hold those of the response.
pub(super) fn single(call: &mut Call, result: Result<Bytes>) -> Response<Body> {
    let spare = call.take_fields();
    match result {
        Ok(message) => {
            let trailers = trailers(call, Ok(()), HeaderMap::new());
            with_headers(call, Body::full_with_trailers(message, trailers), spare)
        }
        Err(status) => failed(call, status, spare),
    }
}

/// The response of a stream that ends before its first message.
pub(super) fn empty_stream(call: &Call, result: Result<()>) -> Response<Body> {
    match result {
        Ok(()) => {
            let trailers = trailers(call, Ok(()), HeaderMap::new());
            with_headers(call, Body::full_with_trailers(Bytes::new(), trailers), HeaderMap::new())
        }
        Err(status) => failed(call, status, HeaderMap::new()),
    }
}

fn failed(call: &Call, status: Status, spare: HeaderMap) -> Response<Body> {
    let trailers = trailers(call, Err(status), spare);
    if call.answer().headers.is_empty() {
        return trailers_only(trailers);
    }
    with_headers(call, Body::full_with_trailers(Bytes::new(), trailers), HeaderMap::new())
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

/// A response with the headers of the handler. `spare` is an empty map to use where the handler has none.
pub(super) fn with_headers(call: &Call, body: Body, spare: HeaderMap) -> Response<Body> {
    let metadata = std::mem::take(&mut call.answer().headers);
    let mut response = Response::new(body);
    *response.headers_mut() = if metadata.is_empty() { spare } else { metadata.into_headers() };
    response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
    response
}

/// The trailers of the handler, with the outcome of the call. `spare` is as above.
pub(super) fn trailers(call: &Call, result: Result<()>, spare: HeaderMap) -> HeaderMap {
    let metadata = std::mem::take(&mut call.answer().trailers);
    let mut fields = if metadata.is_empty() { spare } else { metadata.into_headers() };
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
