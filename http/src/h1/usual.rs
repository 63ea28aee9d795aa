//! The head that nearly every request has, taken apart in one pass.
//!
//! A HTTP/1.1 request with one of the standard methods, a path, and fields without surprises, of which all bytes are
//! here. Anything else, broken or merely rare or not yet complete, is left to [`Scan`](super::Scan) and
//! [`request::parse`](super::request::parse), which say what it is: this file says only yes or "look closer".
//!
//! INVARIANT: what is taken here is what the two would make of the same bytes (`tests/usual.rs` compares them).

use std::ops::Range;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Uri, Version};

use super::HeadLimits;
use super::fields::Notes;
use super::names::name;
use super::request::RequestHead;
use super::target::is_target_byte;

/// LIMIT: fields of a head that is read here; one with more goes the long way.
const LINES: usize = 32;

/// The longest name of [`Known`] has fewer bytes.
const NAME_BYTES: usize = 32;

/// LIMIT: bytes of a head that is read here, so that places in it are short numbers.
const HEAD_BYTES: usize = u16::MAX as usize;

/// Where the field lines of a head are. It is written by [`scan`], and kept apart from what that returns because it
/// is large.
#[derive(Debug)]
pub(crate) struct Lines {
    known: [Known; LINES],
    spans: [Span; LINES],
}

/// Where the name begins and ends, and where the value does.
type Span = [u16; 4];

impl Lines {
    pub(crate) const fn new() -> Self {
        Self { known: [Known::No; LINES], spans: [[0; 4]; LINES] }
    }
}

/// A head whose lines have been told apart.
#[derive(Debug)]
pub(crate) struct Usual {
    method: Method,
    target: Range<usize>,
    len: usize,
    fields: usize,
    notes: Notes,
}

/// What the usual head at the beginning of `bytes` says; `None` to look closer.
pub(crate) fn scan(bytes: &[u8], limits: &HeadLimits, lines: &mut Lines) -> Option<Usual> {
    let (method, target_start) = method(bytes)?;
    let target_len = bytes[target_start..].iter().position(|&byte| !is_target_byte(byte))?;
    let target = target_start..target_start + target_len;
    if target_len > limits.target_bytes_max || bytes.get(target_start) != Some(&b'/') {
        return None;
    }
    let rest = bytes[target.end..].strip_prefix(b" HTTP/1.1\r\n")?;
    let mut at = bytes.len() - rest.len();

    let mut notes = Notes::default();
    let mut fields = 0;
    while *bytes.get(at)? != b'\r' {
        let mut lower = [0; NAME_BYTES];
        let name_len = name_len(&bytes[at..], &mut lower)?;
        let name_end = at + name_len;
        let mut start = name_end + 1;
        while matches!(bytes.get(start), Some(b' ' | b'\t')) {
            start += 1;
        }
        let line_end = start + carriage_return(bytes.get(start..)?)?;
        if *bytes.get(line_end + 1)? != b'\n' || line_end > HEAD_BYTES {
            return None;
        }
        let mut end = line_end;
        while end > start && matches!(bytes[end - 1], b' ' | b'\t') {
            end -= 1;
        }
        let known = lower.get(..name_len).map_or(Known::No, Known::of);
        if known.is_noted() {
            notes.note(&lower[..name_len], &bytes[start..end]).ok()?;
        }
        *lines.spans.get_mut(fields)? = [at as u16, name_end as u16, start as u16, end as u16];
        lines.known[fields] = known;
        fields += 1;
        at = line_end + 2;
    }
    let len = at + 2;
    if bytes.get(at + 1) != Some(&b'\n') || len > limits.bytes_max || fields > limits.fields_max {
        return None;
    }
    Some(Usual { method, target, len, fields, notes })
}

impl Usual {
    /// The bytes of the head, its blank line included.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The typed head, of which `head` holds the bytes. `headers` is an empty map to fill, for its memory.
    pub(crate) fn into_head(
        self,
        head: &Bytes,
        lines: &Lines,
        mut headers: HeaderMap,
    ) -> Option<RequestHead> {
        let uri = match &head[self.target.clone()] {
            b"/" => Uri::default(),
            _ => Uri::from_maybe_shared(head.slice(self.target)).ok()?,
        };
        headers.reserve(self.fields);
        for (known, span) in lines.known.iter().zip(&lines.spans).take(self.fields) {
            let [name_start, name_end, start, end] = span.map(usize::from);
            let value = HeaderValue::from_maybe_shared(head.slice(start..end)).ok()?;
            let name = match known.name() {
                Some(name) => name,
                None => name(&head[name_start..name_end]).ok()?,
            };
            headers.append(name, value);
        }
        RequestHead::new(self.method, uri, Version::HTTP_11, headers, &self.notes).ok()
    }
}

fn method(bytes: &[u8]) -> Option<(Method, usize)> {
    Some(match bytes {
        [b'G', b'E', b'T', b' ', ..] => (Method::GET, 4),
        [b'P', b'U', b'T', b' ', ..] => (Method::PUT, 4),
        [b'P', b'O', b'S', b'T', b' ', ..] => (Method::POST, 5),
        [b'H', b'E', b'A', b'D', b' ', ..] => (Method::HEAD, 5),
        [b'P', b'A', b'T', b'C', b'H', b' ', ..] => (Method::PATCH, 6),
        [b'D', b'E', b'L', b'E', b'T', b'E', b' ', ..] => (Method::DELETE, 7),
        [b'O', b'P', b'T', b'I', b'O', b'N', b'S', b' ', ..] => (Method::OPTIONS, 8),
        _ => return None,
    })
}

/// The length of the field name before the first colon. Its bytes are copied, with the bit set that makes letters lower
/// case, as far as they fit.
///
/// That bit makes a hyphen of a carriage return, too, which is no part of a name.
fn name_len(bytes: &[u8], lower: &mut [u8; NAME_BYTES]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut into = lower.as_chunks_mut::<8>().0.iter_mut();
    for (i, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        if let Some(into) = into.next() {
            *into = (word | LOWER).to_le_bytes();
        }
        let ends = places(word, b':') | places(word, b'\r');
        if ends != 0 {
            let at = ends.trailing_zeros() as usize / 8;
            return (words[i][at] == b':').then_some(8 * i + at);
        }
    }
    let at = rest.iter().position(|byte| matches!(byte, b':' | b'\r'))?;
    if let Some(into) = into.next() {
        for (into, byte) in into.iter_mut().zip(rest) {
            *into = byte | 0x20;
        }
    }
    (rest[at] == b':').then_some(8 * words.len() + at)
}

/// Where the first carriage return is.
fn carriage_return(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let found = places(u64::from_le_bytes(*word), b'\r');
        if found != 0 {
            return Some(8 * i + found.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|&byte| byte == b'\r').map(|at| 8 * words.len() + at)
}

const LOWER: u64 = u64::from_ne_bytes([0x20; 8]);

/// The high bit of the lowest byte of `word` that is `sought` is set, and none below it; those above it tell nothing.
const fn places(word: u64, sought: u8) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let differs = word ^ u64::from_ne_bytes([sought; 8]);
    differs.wrapping_sub(ONES) & !differs & HIGH
}

macro_rules! known {
    ($($len:literal: $($bytes:literal => $id:ident),*;)*) => {
        /// A field that requests often carry and that `http` has a name for.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "named as the constants of `http` are")]
        enum Known {
            #[default]
            No,
            $($($id,)*)*
        }

        impl Known {
            /// The length tells most of them apart.
            fn of(lower: &[u8]) -> Self {
                match lower.len() {
                    $($len => match lower {
                        $($bytes => Self::$id,)*
                        _ => Self::No,
                    },)*
                    _ => Self::No,
                }
            }

            fn name(self) -> Option<HeaderName> {
                match self {
                    Self::No => None,
                    $($(Self::$id => Some(header::$id),)*)*
                }
            }
        }
    };
}

known! {
    2: b"te" => TE;
    3: b"via" => VIA, b"dnt" => DNT;
    4: b"host" => HOST, b"date" => DATE, b"from" => FROM;
    5: b"range" => RANGE;
    6: b"accept" => ACCEPT, b"cookie" => COOKIE, b"origin" => ORIGIN, b"expect" => EXPECT, b"pragma" => PRAGMA;
    7: b"referer" => REFERER, b"upgrade" => UPGRADE, b"trailer" => TRAILER;
    8: b"if-range" => IF_RANGE, b"if-match" => IF_MATCH;
    9: b"forwarded" => FORWARDED;
    10: b"user-agent" => USER_AGENT, b"connection" => CONNECTION;
    12: b"content-type" => CONTENT_TYPE, b"max-forwards" => MAX_FORWARDS;
    13: b"authorization" => AUTHORIZATION, b"cache-control" => CACHE_CONTROL, b"if-none-match" => IF_NONE_MATCH;
    14: b"content-length" => CONTENT_LENGTH;
    15: b"accept-encoding" => ACCEPT_ENCODING, b"accept-language" => ACCEPT_LANGUAGE;
    16: b"content-encoding" => CONTENT_ENCODING;
    17: b"if-modified-since" => IF_MODIFIED_SINCE, b"transfer-encoding" => TRANSFER_ENCODING,
        b"sec-websocket-key" => SEC_WEBSOCKET_KEY;
    19: b"if-unmodified-since" => IF_UNMODIFIED_SINCE, b"proxy-authorization" => PROXY_AUTHORIZATION;
    21: b"sec-websocket-version" => SEC_WEBSOCKET_VERSION;
    25: b"upgrade-insecure-requests" => UPGRADE_INSECURE_REQUESTS;
}

impl Known {
    /// Whether [`Notes`] is interested in it.
    fn is_noted(self) -> bool {
        matches!(
            self,
            Self::TE
                | Self::HOST
                | Self::EXPECT
                | Self::CONNECTION
                | Self::CONTENT_LENGTH
                | Self::TRANSFER_ENCODING
        )
    }
}
