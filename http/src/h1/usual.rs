//! The head that nearly every request has, taken apart in one pass.
//!
//! A HTTP/1.1 request with one of the standard methods, a path, and fields without surprises, of which all bytes are
//! here. Anything else, broken or merely rare or not yet complete, is left to [`Scan`](super::Scan) and
//! [`request::parse`](super::request::parse), which say what it is: this file says only yes or "look closer".
//!
//! INVARIANT: what is taken here is what the two would make of the same bytes (`tests/usual.rs` compares them).

use std::ops::{Deref, Range};

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Request, Uri, Version};
use minato_bytes_util::marks::{self, BLOCK};

use super::HeadLimits;
use super::fields::Notes;
use super::names::name;
use super::request::Facts;
use super::words::{self, target_end};

/// LIMIT: fields of a head that is read here; one with more goes the long way.
const LINES: usize = 32;

/// What stands behind the target.
const VERSION: &[u8] = b" HTTP/1.1\r\n";

/// LIMIT: bytes of a head that is read here, so that places in it are short numbers.
const HEAD_BYTES: usize = u16::MAX as usize;

/// Where the field lines of a head are. It is written by [`scan`], into room that its caller has on the stack.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    lines: [Line; LINES],
    len: usize,
}

/// Where the name of a field begins and ends, and where its value does.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Line {
    known: Known,
    name_start: u16,
    name_end: u16,
    start: u16,
    end: u16,
}

/// A head whose lines have been told apart.
#[derive(Debug)]
pub(crate) struct Usual {
    pub(crate) method: Method,
    target: Range<usize>,
    len: usize,
    pub(crate) facts: Facts,
}

/// What the usual head at the beginning of `bytes` says; `None` to look closer. `lines` are those of nothing yet.
pub(crate) fn scan(bytes: &[u8], limits: &HeadLimits, lines: &mut Lines) -> Option<Usual> {
    let (method, target_start) = method(bytes)?;
    let rest = &bytes[target_start..];
    if rest.first() != Some(&b'/') {
        return None;
    }
    let target_len = target_end(rest)?;
    if target_len > limits.target_bytes_max || !rest[target_len..].starts_with(VERSION) {
        return None;
    }
    let target = target_start..target_start + target_len;
    let mut at = target.end + VERSION.len();

    let mut notes = Notes::default();
    let mut marked = Marked::new(bytes, at);
    while *bytes.get(at)? != b'\r' {
        let colon = marked.colon(at)?;
        let known = Known::of(&bytes[at..], colon - at)?;
        let mut start = colon + 1;
        while matches!(bytes.get(start), Some(b' ' | b'\t')) {
            start += 1;
        }
        // A value ends before its first control character, which is the carriage return unless we look closer.
        let line_end = marked.control(start)?;
        if !bytes[line_end..].starts_with(b"\r\n") || line_end > HEAD_BYTES {
            return None;
        }
        let mut value = &bytes[start..line_end];
        while let [before @ .., b' '] = value {
            value = before;
        }
        let end = start + value.len();
        if known.is_noted() {
            known.note(&mut notes, value)?;
        }
        let [name_start, name_end, start, end] = [at, colon, start, end].map(|place| place as u16);
        *lines.lines.get_mut(lines.len)? = Line { known, name_start, name_end, start, end };
        lines.len += 1;
        at = line_end + 2;
    }
    let len = at + 2;
    if bytes.get(at + 1) != Some(&b'\n') || len > limits.bytes_max || lines.len > limits.fields_max {
        return None;
    }
    let facts = Facts::new(&method, Version::HTTP_11, &notes).ok()?;
    Some(Usual { method, target, len, facts })
}

/// Bytes, and where in the block that is looked at the ends of names and of lines are. Places are asked for in the order
/// in which they follow each other.
struct Marked<'a> {
    bytes: &'a [u8],
    /// Where the block begins.
    base: usize,
    colons: u64,
    controls: u64,
}

impl<'a> Marked<'a> {
    fn new(bytes: &'a [u8], base: usize) -> Self {
        let mut marked = Self { bytes, base, colons: 0, controls: 0 };
        marked.look();
        marked
    }

    /// The first colon from here on.
    #[inline]
    fn colon(&mut self, from: usize) -> Option<usize> {
        self.find(from, |marked| marked.colons)
    }

    /// The first control character from here on.
    #[inline]
    fn control(&mut self, from: usize) -> Option<usize> {
        self.find(from, |marked| marked.controls)
    }

    #[inline(always)]
    fn find(&mut self, mut from: usize, marks: impl Fn(&Self) -> u64) -> Option<usize> {
        loop {
            if from - self.base < BLOCK {
                let ahead = marks(self) >> (from - self.base);
                if ahead != 0 {
                    return Some(from + ahead.trailing_zeros() as usize);
                }
                from = self.base + BLOCK;
            }
            if from >= self.bytes.len() {
                return None;
            }
            self.base = from;
            self.look();
        }
    }

    #[inline]
    fn look(&mut self) {
        let rest = &self.bytes[self.base..];
        (self.colons, self.controls) = match rest.first_chunk() {
            Some(block) => (marks::equal(block, b':'), marks::controls(block)),
            None => {
                // What is behind the end is neither.
                let mut block = [b' '; BLOCK];
                block[..rest.len()].copy_from_slice(rest);
                (marks::equal(&block, b':'), marks::controls(&block))
            }
        };
    }
}

impl Usual {
    /// The bytes of the head, its blank line included.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Where the target is.
    pub(crate) fn target(&self) -> Range<usize> {
        self.target.clone()
    }

    /// Makes it the head of a request; see [`fill`].
    pub(crate) fn fill<B>(self, head: &Bytes, lines: &[Line], request: &mut Request<B>) -> Option<()> {
        fill(head, self.target, lines, request)?;
        *request.method_mut() = self.method;
        Some(())
    }
}

/// Puts the target and the fields of a head, of which `head` holds the bytes, into a request that has none; `None` if
/// `http` does not take them.
pub(crate) fn fill<B>(
    head: &Bytes,
    target: Range<usize>,
    lines: &[Line],
    request: &mut Request<B>,
) -> Option<()> {
    match &head[target.clone()] {
        b"/" => {}
        _ => *request.uri_mut() = Uri::from_maybe_shared(head.slice(target)).ok()?,
    }
    let headers = request.headers_mut();
    headers.reserve(lines.len());
    for line in lines {
        let value = match line.known.common_value(&head[line.value()]) {
            Some(value) => value,
            None => HeaderValue::from_maybe_shared(head.slice(line.value())).ok()?,
        };
        let name = match line.known.name() {
            Some(name) => name,
            None => name(&head[line.name()]).ok()?,
        };
        headers.append(name, value);
    }
    Some(())
}

impl Deref for Lines {
    type Target = [Line];

    fn deref(&self) -> &[Line] {
        &self.lines[..self.len]
    }
}

impl Line {
    /// Where the name is.
    pub(crate) fn name(self) -> Range<usize> {
        self.name_start.into()..self.name_end.into()
    }

    /// Where the value is.
    pub(crate) fn value(self) -> Range<usize> {
        self.start.into()..self.end.into()
    }

    /// Whether the name is one of those that are known, and so well formed.
    pub(crate) fn is_known(self) -> bool {
        self.known != Known::No
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

macro_rules! known {
    ($($len:literal: $($bytes:literal => $id:ident),*;)*) => {
        /// A field that requests often carry and that `http` has a name for.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "named as the constants of `http` are")]
        // As large as the numbers beside it in a line, so that lines have no gaps and are cleared all at once.
        #[repr(u16)]
        enum Known {
            #[default]
            No,
            $($($id,)*)*
        }

        impl Known {
            /// What the first bytes of a line name; `None` where there are too few bytes to say so.
            fn of(line: &[u8], len: usize) -> Option<Self> {
                // The length tells most of them apart.
                match len {
                    $($len if $len <= 16 => {
                        let words = words::name(line, len)?;
                        $(if words == const { words::words_of($bytes) } {
                            return Some(Self::$id);
                        })*
                        Some(Self::No)
                    })*
                    $($len => {
                        $(if line[..len].eq_ignore_ascii_case($bytes) {
                            return Some(Self::$id);
                        })*
                        Some(Self::No)
                    })*
                    _ => Some(Self::No),
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
    /// A value that many clients send, made of no bytes of the head: it costs no count of who holds those.
    #[inline]
    fn common_value(self, value: &[u8]) -> Option<HeaderValue> {
        let text = match (self, value) {
            (Self::ACCEPT, b"*/*") => "*/*",
            (Self::ACCEPT, b"application/json") | (Self::CONTENT_TYPE, b"application/json") => {
                "application/json"
            }
            (Self::ACCEPT_ENCODING, b"gzip") => "gzip",
            (Self::ACCEPT_ENCODING, b"gzip, deflate") => "gzip, deflate",
            (Self::ACCEPT_ENCODING, b"gzip, deflate, br") => "gzip, deflate, br",
            (Self::ACCEPT_ENCODING, b"gzip, deflate, br, zstd") => "gzip, deflate, br, zstd",
            (Self::CONNECTION, b"close") => "close",
            (Self::CONNECTION, b"keep-alive") => "keep-alive",
            (Self::CACHE_CONTROL, b"no-cache") | (Self::PRAGMA, b"no-cache") => "no-cache",
            (Self::CACHE_CONTROL, b"max-age=0") => "max-age=0",
            (Self::TE, b"trailers") => "trailers",
            (Self::UPGRADE_INSECURE_REQUESTS, b"1") => "1",
            _ => return None,
        };
        Some(HeaderValue::from_static(text))
    }

    /// Whether [`Notes`] is interested in it.
    fn is_noted(self) -> bool {
        matches!(
            self,
            Self::TE
                | Self::HOST
                | Self::EXPECT
                | Self::UPGRADE
                | Self::CONNECTION
                | Self::CONTENT_LENGTH
                | Self::TRANSFER_ENCODING
        )
    }

    fn note(self, notes: &mut Notes, value: &[u8]) -> Option<()> {
        match self {
            Self::TE => notes.te(value),
            Self::HOST => notes.host(value).ok()?,
            Self::EXPECT => notes.expect(value),
            Self::UPGRADE => notes.names_protocol = true,
            Self::CONNECTION => notes.connection(value),
            Self::CONTENT_LENGTH => notes.content_length(value).ok()?,
            Self::TRANSFER_ENCODING => notes.transfer_codings(value).ok()?,
            _ => {}
        }
        Some(())
    }
}
