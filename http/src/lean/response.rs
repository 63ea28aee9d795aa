//! A response whose fields are written when they are set.

use std::convert::Infallible;
use std::fmt;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{Extensions, HeaderMap, StatusCode};

use super::fields::{FixedFields, Written};
use crate::body::Body;
use crate::error::Error;
use crate::h1::encode::Fields as _;
use crate::server::callee::Answer;

/// A response.
///
/// ```
/// use http::header::{CACHE_CONTROL, HeaderValue};
/// use http::StatusCode;
/// use minato_http::lean::Response;
///
/// let response = Response::text("no such thing")
///     .with_status(StatusCode::NOT_FOUND)
///     .with_header(CACHE_CONTROL, HeaderValue::from_static("no-store"));
/// assert_eq!(response.status(), StatusCode::NOT_FOUND);
/// ```
pub struct Response {
    status: StatusCode,
    fields: Written,
    /// Of a typed response; what asks for a spelling is among them.
    extensions: Extensions,
    body: Body,
}

static TEXT: FixedFields = FixedFields::new("content-type: text/plain; charset=utf-8\r\n");
static OCTETS: FixedFields = FixedFields::new("content-type: application/octet-stream\r\n");
static JSON: FixedFields = FixedFields::new("content-type: application/json\r\n");

impl Response {
    /// A response with status 200 and this body.
    #[must_use]
    pub fn new(body: impl Into<Body>) -> Self {
        Self::of(Written::default(), body.into())
    }

    /// A response of plain text in UTF-8.
    #[must_use]
    pub fn text(body: impl Into<Body>) -> Self {
        Self::fixed(&TEXT, body.into())
    }

    /// A response of bytes that may be anything.
    #[must_use]
    pub fn octets(body: impl Into<Body>) -> Self {
        Self::fixed(&OCTETS, body.into())
    }

    /// A response of JSON that has been written already.
    #[must_use]
    pub fn json(body: impl Into<Body>) -> Self {
        Self::fixed(&JSON, body.into())
    }

    /// A response without a body.
    #[must_use]
    pub fn empty(status: StatusCode) -> Self {
        Self::new(Body::empty()).with_status(status)
    }

    fn fixed(fields: &'static FixedFields, body: Body) -> Self {
        Self::of(Written::fixed(fields), body)
    }

    fn of(fields: Written, body: Body) -> Self {
        Self { status: StatusCode::OK, fields, extensions: Extensions::new(), body }
    }

    /// The same with this status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same with one field more. One that belongs to the framing or the connection is obeyed rather than written.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.fields.push(&name, &value);
        self
    }

    /// The same with these fields in place of the fixed ones it had, the content type of [`text`](Self::text),
    /// [`octets`](Self::octets) and [`json`](Self::json) among them.
    #[must_use]
    pub fn with_fields(mut self, fields: &'static FixedFields) -> Self {
        self.fields.set_fixed(fields);
        self
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The typed response it stands for.
    #[must_use]
    pub fn into_http(self) -> http::Response<Body> {
        let mut response = http::Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.fields.to_headers();
        *response.extensions_mut() = self.extensions;
        response
    }

    pub(super) fn into_answer(self) -> Answer<Written, Body> {
        Answer { status: self.status, fields: self.fields, extensions: self.extensions, body: self.body }
    }
}

impl From<http::Response<Body>> for Response {
    fn from(response: http::Response<Body>) -> Self {
        let (head, body) = response.into_parts();
        let mut fields = Written::default();
        for (name, value) in &head.headers {
            fields.push(name, value);
        }
        Self { status: head.status, fields, extensions: head.extensions, body }
    }
}

impl From<&'static str> for Response {
    fn from(text: &'static str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Response {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<Bytes> for Response {
    fn from(bytes: Bytes) -> Self {
        Self::octets(bytes)
    }
}

impl From<Vec<u8>> for Response {
    fn from(bytes: Vec<u8>) -> Self {
        Self::octets(bytes)
    }
}

impl From<Body> for Response {
    fn from(body: Body) -> Self {
        Self::new(body)
    }
}

impl From<StatusCode> for Response {
    fn from(status: StatusCode) -> Self {
        Self::empty(status)
    }
}

impl<T: Into<Self>> From<(StatusCode, T)> for Response {
    fn from((status, response): (StatusCode, T)) -> Self {
        response.into().with_status(status)
    }
}

impl<T: Into<Self>, E: Into<Self>> From<Result<T, E>> for Response {
    fn from(result: Result<T, E>) -> Self {
        match result {
            Ok(response) => response.into(),
            Err(error) => error.into(),
        }
    }
}

/// The request's fault is answered with its 4xx status, anything else with 500. What went wrong is not told.
impl From<Error> for Response {
    fn from(error: Error) -> Self {
        Self::empty(error.request_status().unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
    }
}

impl From<Infallible> for Response {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: HeaderMap = self.fields.to_headers();
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &headers)
            .field("closes", &self.fields.has_close())
            .field("body", &self.body)
            .finish()
    }
}
