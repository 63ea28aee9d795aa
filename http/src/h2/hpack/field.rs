//! One field, typed and checked once, however often it is referred to.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, StatusCode};

use crate::buffers;
use crate::h1::{is_host, is_target_byte};
use crate::limits::METHOD_BYTES;

/// The name of a field, by what it means to a section.
#[derive(Debug, Clone)]
pub(super) enum Name {
    Authority,
    Method,
    Path,
    Protocol,
    Scheme,
    Status,
    Usual(HeaderName),
    ContentLength,
    Cookie,
    Host,
    Te,
    /// No message may have a field of this name; so many bytes long.
    Malformed(usize),
}

impl Name {
    /// The name with these bytes.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        match bytes {
            b":authority" => Self::Authority,
            b":method" => Self::Method,
            b":path" => Self::Path,
            b":protocol" => Self::Protocol,
            b":scheme" => Self::Scheme,
            b":status" => Self::Status,
            // RFC 9113 §8.2.1: an upper-case letter makes a message malformed.
            _ => HeaderName::from_lowercase(bytes).map_or(Self::Malformed(bytes.len()), Self::of),
        }
    }

    /// The meaning of a name.
    pub(super) fn of(name: HeaderName) -> Self {
        let is_of_connection = match name.as_str().len() {
            2 if name == header::TE => return Self::Te,
            4 if name == header::HOST => return Self::Host,
            6 if name == header::COOKIE => return Self::Cookie,
            14 if name == header::CONTENT_LENGTH => return Self::ContentLength,
            _ => is_connection_field(&name),
        };
        match is_of_connection {
            // RFC 9113 §8.2.2: what belongs to an HTTP/1 connection makes a message malformed.
            true => Self::Malformed(name.as_str().len()),
            false => Self::Usual(name),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Authority => 10,
            Self::Method | Self::Scheme | Self::Status => 7,
            Self::Path => 5,
            Self::Protocol => 9,
            Self::Usual(name) => name.as_str().len(),
            Self::ContentLength => 14,
            Self::Cookie => 6,
            Self::Host => 4,
            Self::Te => 2,
            Self::Malformed(len) => *len,
        }
    }
}

/// Whether a field belongs to an HTTP/1 connection (RFC 9113 §8.2.2).
#[inline]
pub(super) fn is_connection_field(name: &HeaderName) -> bool {
    match name.as_str().len() {
        7 => *name == header::UPGRADE,
        10 => *name == header::CONNECTION || name.as_str() == "keep-alive",
        16 => name.as_str() == "proxy-connection",
        17 => *name == header::TRANSFER_ENCODING,
        _ => false,
    }
}

/// Where the memory of a value comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keep {
    /// Its own: it stays in a table, where it must not pin a block that other heads lie in.
    Long,
    /// A block with other heads: it goes with its message.
    Short,
    /// The same, and whoever passes it on must not index it either (RFC 7541 §7.1.3).
    Secret,
}

impl Keep {
    fn copy(self, value: &[u8]) -> Bytes {
        match (self, value) {
            (_, []) => Bytes::new(),
            (Self::Long, _) => Bytes::copy_from_slice(value),
            (Self::Short | Self::Secret, _) => buffers::copy_head(value),
        }
    }
}

/// A field.
#[derive(Debug, Clone)]
pub(super) enum Field {
    Authority(Authority),
    Method(Method),
    Path(PathAndQuery),
    Protocol(Bytes),
    Scheme(Scheme),
    Status(StatusCode),
    Usual(HeaderName, HeaderValue),
    ContentLength(u64, HeaderValue),
    Cookie(HeaderValue),
    Host(HeaderValue),
    Te(HeaderValue),
    /// No message may have this field. The table keeps it all the same, and others may refer to its name.
    Malformed(Box<Name>),
}

impl Field {
    /// The field of this name and value.
    pub(super) fn new(name: Name, value: &[u8], keep: Keep) -> Self {
        let usual = || field_value(value, keep);
        let field = match &name {
            Name::Usual(name) => usual().map(|value| Self::Usual(name.clone(), value)),
            Name::Authority => authority(value, keep).map(Self::Authority),
            Name::Method if value.len() > METHOD_BYTES => None,
            Name::Method => Method::from_bytes(value).ok().map(Self::Method),
            Name::Path => path(value, keep).map(Self::Path),
            Name::Protocol => usual().map(|_| Self::Protocol(keep.copy(value))),
            // RFC 3986 §3.1: a letter comes first.
            Name::Scheme if !value.first().is_some_and(u8::is_ascii_alphabetic) => None,
            Name::Scheme => Scheme::try_from(value).ok().map(Self::Scheme),
            Name::Status => StatusCode::from_bytes(value).ok().map(Self::Status),
            Name::ContentLength => {
                length(value).and_then(|length| Some(Self::ContentLength(length, usual()?)))
            }
            Name::Cookie => usual().map(Self::Cookie),
            Name::Host => usual().filter(|_| is_host(value)).map(Self::Host),
            // RFC 9113 §8.2.2: only this may be said of it.
            Name::Te => usual().filter(|_| value.eq_ignore_ascii_case(b"trailers")).map(Self::Te),
            Name::Malformed(_) => None,
        };
        field.unwrap_or_else(|| Self::Malformed(Box::new(name)))
    }

    /// The name that another field may refer to.
    pub(super) fn name(&self) -> Name {
        match self {
            Self::Authority(_) => Name::Authority,
            Self::Method(_) => Name::Method,
            Self::Path(_) => Name::Path,
            Self::Protocol(_) => Name::Protocol,
            Self::Scheme(_) => Name::Scheme,
            Self::Status(_) => Name::Status,
            Self::Usual(name, _) => Name::Usual(name.clone()),
            Self::ContentLength(..) => Name::ContentLength,
            Self::Cookie(_) => Name::Cookie,
            Self::Host(_) => Name::Host,
            Self::Te(_) => Name::Te,
            Self::Malformed(name) => Name::clone(name),
        }
    }
}

/// RFC 9113 §8.2.1: no control characters, and no whitespace at the ends.
fn field_value(value: &[u8], keep: Keep) -> Option<HeaderValue> {
    let ends = [value.first(), value.last()];
    if ends.iter().any(|end| matches!(end, Some(b' ' | b'\t'))) {
        return None;
    }
    let mut value = HeaderValue::from_maybe_shared(keep.copy(value)).ok()?;
    value.set_sensitive(matches!(keep, Keep::Secret));
    Some(value)
}

/// RFC 9113 §8.3.1: without user information.
fn authority(value: &[u8], keep: Keep) -> Option<Authority> {
    match is_host(value) {
        true => Authority::from_maybe_shared(keep.copy(value)).ok(),
        false => None,
    }
}

/// RFC 9113 §8.3.1: not empty, and with a slash first unless it is the `*` of OPTIONS.
fn path(value: &[u8], keep: Keep) -> Option<PathAndQuery> {
    let is_path = value == b"*" || value.first() == Some(&b'/');
    // Without a branch for each byte, so that this is a few instructions on vectors.
    match is_path && value.iter().fold(true, |all, &byte| all & is_target_byte(byte)) {
        true => PathAndQuery::from_maybe_shared(keep.copy(value)).ok(),
        false => None,
    }
}

/// RFC 9110 §8.6.
fn length(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    value.iter().try_fold(0_u64, |length, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        length.checked_mul(10)?.checked_add(digit)
    })
}
