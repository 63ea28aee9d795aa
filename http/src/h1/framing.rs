//! How long a body is and whether the connection lives on (RFC 9112 §6.3, §9.3).

use http::{Method, StatusCode, Version};

use super::Fault;
use super::fields::{Notes, Transfer};

/// How the end of a body is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// After this many bytes.
    Length(u64),
    /// By the last chunk.
    Chunked,
    /// By the end of the connection; responses only.
    UntilClose,
}

/// The framing of a request.
pub(crate) fn request(version: Version, notes: &Notes) -> Result<Framing, Fault> {
    match (notes.transfer, notes.content_length) {
        (Transfer::Absent, length) => Ok(Framing::Length(length.unwrap_or(0))),
        // RFC 9112 §6.1: a message with both is how requests are smuggled, and 1.0 has no transfer codings.
        (_, Some(_)) => Err(Fault::FramedTwice),
        (_, None) if version < Version::HTTP_11 => Err(Fault::TransferCoding),
        (Transfer::Chunked, None) => Ok(Framing::Chunked),
        (Transfer::Unframed, None) => Err(Fault::TransferCoding),
        (Transfer::Unsupported, None) => Err(Fault::TransferCodingUnsupported),
    }
}

/// The framing of the response to a request with this method.
pub(crate) fn response(method: &Method, status: StatusCode, notes: &Notes) -> Result<Framing, Fault> {
    if is_bodiless(Verb::of(method), status) {
        return Ok(Framing::Length(0));
    }
    match (notes.transfer, notes.content_length) {
        (Transfer::Absent, Some(length)) => Ok(Framing::Length(length)),
        (Transfer::Absent, None) => Ok(Framing::UntilClose),
        (_, Some(_)) => Err(Fault::FramedTwice),
        (Transfer::Chunked, None) => Ok(Framing::Chunked),
        (Transfer::Unframed | Transfer::Unsupported, None) => Err(Fault::TransferCodingUnsupported),
    }
}

/// What of a method matters to the framing of its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Head,
    Connect,
    Other,
}

impl Verb {
    pub(crate) fn of(method: &Method) -> Self {
        match *method {
            Method::HEAD => Self::Head,
            Method::CONNECT => Self::Connect,
            _ => Self::Other,
        }
    }
}

/// Whether a response has no body whatever its fields say.
pub(crate) fn is_bodiless(verb: Verb, status: StatusCode) -> bool {
    verb == Verb::Head
        || status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
        || (verb == Verb::Connect && status.is_success())
}

/// Whether the sender of this head is willing to use the connection for another exchange.
///
/// RFC 9112 §9.3: any `close` wins; 1.1 persists unless told otherwise, 1.0 only when asked to.
pub(crate) fn is_persistent(version: Version, notes: &Notes) -> bool {
    !notes.close && (version >= Version::HTTP_11 || notes.keep_alive)
}
