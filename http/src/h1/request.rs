//! A complete request head becomes a typed one.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri, Version};

use super::encode::Asked;
use super::fields::{self, Notes};
use super::framing::{self, Framing, Verb};
use super::lenient::Lenient;
use super::scan::is_token_byte;
use super::{Fault, target};
use crate::limits::{HEAD_FIELDS, METHOD_BYTES};

/// A request head, and what it says about the message and the connection.
#[derive(Debug)]
pub(crate) struct RequestHead {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) facts: Facts,
}

/// What a request head says about the message and the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) asked: Asked,
    pub(crate) framing: Framing,
    /// The client is willing to send another request on this connection.
    pub(crate) is_persistent: bool,
    /// The client holds the body back until it is told to go on.
    pub(crate) expects_continue: bool,
    /// The client asks for another protocol on this connection (RFC 9110 §7.8).
    pub(crate) wants_upgrade: bool,
}

/// Parses a whole head of `fields` field lines, from its first byte to its blank line.
///
/// `headers` is an empty map to fill, for its memory.
pub(crate) fn parse(
    head: Bytes,
    fields: usize,
    headers: HeaderMap,
    target_max: usize,
    lenient: &Lenient,
) -> Result<RequestHead, Fault> {
    if fields <= HEAD_FIELDS {
        let mut lines = [const { MaybeUninit::uninit() }; HEAD_FIELDS];
        parse_into(&head, &mut lines, headers, target_max, lenient)
    } else {
        let mut lines = vec![MaybeUninit::uninit(); fields];
        parse_into(&head, &mut lines, headers, target_max, lenient)
    }
}

fn parse_into<'a>(
    head: &'a Bytes,
    lines: &mut [MaybeUninit<httparse::Header<'a>>],
    mut headers: HeaderMap,
    target_max: usize,
    lenient: &Lenient,
) -> Result<RequestHead, Fault> {
    let mut parsed = httparse::Request::new(&mut []);
    let mut config = httparse::ParserConfig::default();
    config
        .ignore_invalid_headers_in_requests(lenient.invalid_fields)
        .allow_multiple_spaces_in_request_line_delimiters(lenient.request_line_spaces);
    match config.parse_request_with_uninit_headers(&mut parsed, head, lines) {
        Ok(httparse::Status::Complete(len)) if len == head.len() => {}
        Ok(_) => return Err(Fault::LineEnd),
        Err(error) => return Err(fault(error, head)),
    }
    let method = parsed.method.unwrap_or_default();
    if method.len() > METHOD_BYTES {
        return Err(Fault::MethodTooLong);
    }
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| Fault::Method)?;
    let raw = parsed.path.unwrap_or_default().as_bytes();
    if raw.len() > target_max {
        return Err(Fault::TargetTooLong);
    }
    let uri = target::target(&method, head.slice_ref(raw))?;
    let version = if parsed.version == Some(1) { Version::HTTP_11 } else { Version::HTTP_10 };

    let mut notes = Notes { equal_lengths: lenient.equal_content_lengths, ..Notes::default() };
    fields::fill(&mut headers, head, parsed.headers, |name, value| notes.note(name, value))?;
    let facts = Facts::new(&method, version, &notes)?;
    Ok(RequestHead { method, uri, headers, facts })
}

impl Facts {
    /// What the fields that were noted come to, if they fit together.
    #[inline]
    pub(super) fn new(method: &Method, version: Version, notes: &Notes) -> Result<Self, Fault> {
        target::check_host(version, notes.host)?;
        let framing = framing::request(version, notes)?;
        // RFC 9110 §10.1.1: an expectation in a 1.0 request is ignored.
        let is_modern = version >= Version::HTTP_11;
        if is_modern && notes.expects_other {
            return Err(Fault::Expectation);
        }
        let accepts_trailers = is_modern && notes.accepts_trailers;
        Ok(Self {
            asked: Asked { verb: Verb::of(method), version, accepts_trailers },
            framing,
            is_persistent: framing::is_persistent(version, notes),
            expects_continue: is_modern && notes.expect_continue && framing != Framing::Length(0),
            wants_upgrade: is_modern && notes.upgrade && notes.names_protocol,
        })
    }
}

fn fault(error: httparse::Error, head: &[u8]) -> Fault {
    match error {
        httparse::Error::HeaderName => Fault::FieldName,
        httparse::Error::HeaderValue => Fault::FieldValue,
        httparse::Error::TooManyHeaders => Fault::TooManyFields,
        httparse::Error::Version => version_fault(head),
        httparse::Error::NewLine => Fault::LineEnd,
        // The token that failed is the method or the target: whichever is not well formed.
        httparse::Error::Token | httparse::Error::Status => {
            let line = head.split(|&byte| byte == b'\r').next().unwrap_or_default();
            let method = line.split(|&byte| byte == b' ').next().unwrap_or_default();
            match !method.is_empty() && method.iter().copied().all(is_token_byte) {
                true => Fault::Target,
                false => Fault::Method,
            }
        }
    }
}

/// RFC 9112 §2.3: a version of the right form that we do not speak is answered 505, anything else 400.
fn version_fault(head: &[u8]) -> Fault {
    let line = head.split(|&byte| byte == b'\r').next().unwrap_or_default();
    let mut parts = line.split(|&byte| byte == b' ').skip(1);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(_), Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor]), None)
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Fault::VersionUnsupported
        }
        (_, Some(b""), _) | (_, _, Some(_)) => Fault::Target,
        _ => Fault::Version,
    }
}
