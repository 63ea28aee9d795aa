//! A complete response head becomes a typed one.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Version};

use super::Fault;
use super::fields::{self, Notes};
use super::framing::{self, Framing};
use crate::limits::HEAD_FIELDS;

/// A response head, and what it says about the message and the connection.
#[derive(Debug)]
pub(crate) struct ResponseHead {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) framing: Framing,
    /// The server is willing to take another request on this connection.
    pub(crate) is_persistent: bool,
}

/// Parses the whole head of the response to a request with this method.
pub(crate) fn parse(head: Bytes, method: &Method) -> Result<ResponseHead, Fault> {
    let mut lines = [const { MaybeUninit::uninit() }; HEAD_FIELDS];
    let mut parsed = httparse::Response::new(&mut []);
    let config = httparse::ParserConfig::default();
    match config.parse_response_with_uninit_headers(&mut parsed, &head, &mut lines) {
        Ok(httparse::Status::Complete(len)) if len == head.len() => {}
        Ok(_) => return Err(Fault::LineEnd),
        Err(error) => {
            return Err(match error {
                httparse::Error::HeaderName => Fault::FieldName,
                httparse::Error::HeaderValue => Fault::FieldValue,
                httparse::Error::NewLine => Fault::LineEnd,
                httparse::Error::TooManyHeaders => Fault::TooManyFields,
                httparse::Error::Version => Fault::Version,
                httparse::Error::Status | httparse::Error::Token => Fault::Status,
            });
        }
    }
    let status = StatusCode::from_u16(parsed.code.unwrap_or_default()).map_err(|_| Fault::Status)?;
    let version = if parsed.version == Some(1) { Version::HTTP_11 } else { Version::HTTP_10 };
    let mut notes = Notes::default();
    let mut headers = HeaderMap::new();
    fields::fill(&mut headers, &head, parsed.headers, |name, value| notes.note(name, value))?;
    let framing = framing::response(method, status, &notes)?;
    let is_persistent = framing != Framing::UntilClose
        && framing::is_persistent(version, &notes)
        && status != StatusCode::SWITCHING_PROTOCOLS;
    Ok(ResponseHead { status, version, headers, framing, is_persistent })
}
