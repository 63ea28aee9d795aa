//! A complete response head becomes a typed one.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Extensions, HeaderMap, Method, StatusCode, Version};

use super::Fault;
use super::fields::{self, Notes, Transfer};
use super::framing::{self, Framing};
use super::lenient::LenientResponses;
use super::spelling::ReasonPhrase;
use crate::limits::HEAD_FIELDS;

/// A response head, and what it says about the message and the connection.
#[derive(Debug)]
pub(crate) struct ResponseHead {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    /// What else is known of it.
    pub(crate) extensions: Extensions,
    pub(crate) framing: Framing,
    /// The server is willing to take another request on this connection.
    pub(crate) is_persistent: bool,
}

/// The head that an answer without one stands for (HTTP/0.9).
pub(crate) fn headless() -> ResponseHead {
    ResponseHead {
        status: StatusCode::OK,
        version: Version::HTTP_09,
        headers: HeaderMap::new(),
        extensions: Extensions::new(),
        framing: Framing::UntilClose,
        is_persistent: false,
    }
}

/// Parses the whole head of the response to a request with this method.
pub(crate) fn parse(head: Bytes, method: &Method, lenient: &LenientResponses) -> Result<ResponseHead, Fault> {
    let head = if lenient.folded_lines { unfolded(&head) } else { head };
    let mut lines = [const { MaybeUninit::uninit() }; HEAD_FIELDS];
    let mut parsed = httparse::Response::new(&mut []);
    let mut config = httparse::ParserConfig::default();
    config
        .ignore_invalid_headers_in_responses(lenient.invalid_fields)
        .allow_spaces_after_header_name_in_responses(lenient.spaces_after_names)
        .allow_multiple_spaces_in_response_status_delimiters(lenient.status_line_spaces);
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
    let mut notes = Notes { equal_lengths: lenient.equal_content_lengths, ..Notes::default() };
    let mut headers = HeaderMap::new();
    fields::fill(&mut headers, &head, parsed.headers, |name, value| notes.note(name, value))?;
    let is_twice = notes.transfer != Transfer::Absent && notes.content_length.is_some();
    if lenient.length_beside_chunks && is_twice {
        notes.content_length = None;
        // RFC 9112 §6.1: and the connection is closed behind it.
        notes.close = true;
        headers.remove(CONTENT_LENGTH);
    }
    let framing = framing::response(method, status, &notes)?;
    let is_persistent = framing != Framing::UntilClose
        && framing::is_persistent(version, &notes)
        && status != StatusCode::SWITCHING_PROTOCOLS;
    let mut extensions = Extensions::new();
    let words = parsed.reason.filter(|words| !words.is_empty() && Some(*words) != status.canonical_reason());
    if let Some(words) = words
        && let Ok(reason) = ReasonPhrase::new(head.slice_ref(words.as_bytes()))
    {
        extensions.insert(reason);
    }
    Ok(ResponseHead { status, version, headers, extensions, framing, is_persistent })
}

/// The same head with spaces in the place of line ends inside of fields (RFC 9112 §5.2).
fn unfolded(head: &[u8]) -> Bytes {
    let mut unfolded = head.to_vec();
    for at in 1..head.len().saturating_sub(1) {
        if head[at] == b'\n' && matches!(head[at + 1], b' ' | b'\t') {
            unfolded[at] = b' ';
            if head[at - 1] == b'\r' {
                unfolded[at - 1] = b' ';
            }
        }
    }
    unfolded.into()
}
