//! The fields of a response, written as they are set.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::spare;
use crate::h1::encode::{self, is_connection_field};
use crate::h1::has_option;

/// Fields that are the same in every response, written once and for all.
///
/// ```
/// use minato_http::lean::{FixedFields, Response};
///
/// static FIELDS: FixedFields = FixedFields::new("server: minato\r\ncontent-type: application/json\r\n");
///
/// let response = Response::new("{}").with_fields(&FIELDS);
/// assert_eq!(response.into_http().headers()["content-type"], "application/json");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedFields {
    lines: &'static str,
}

impl FixedFields {
    /// The fields of these lines, each of which is `name: value` with CR and LF behind it and a name in lower case.
    ///
    /// # Panics
    ///
    /// When a line has another form, or is about the date, the framing or the connection, which are the server's to
    /// write. In a constant that is an error of the compiler.
    #[must_use]
    pub const fn new(lines: &'static str) -> Self {
        let bytes = lines.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let start = at;
            while at < bytes.len()
                && (bytes[at].is_ascii_lowercase() || bytes[at].is_ascii_digit() || bytes[at] == b'-')
            {
                at += 1;
            }
            assert!(at > start, "a field has a name, of letters in lower case, digits and hyphens");
            let mut other = 0;
            while other < SERVERS_OWN.len() {
                assert!(!is_at(bytes, start, at, SERVERS_OWN[other]), "this field is the server's to write");
                other += 1;
            }
            assert!(
                at + 1 < bytes.len() && bytes[at] == b':' && bytes[at + 1] == b' ',
                "a colon and a space follow"
            );
            at += 2;
            while at < bytes.len() && bytes[at] >= b' ' && bytes[at] < 0x7f {
                at += 1;
            }
            assert!(
                at + 1 < bytes.len() && bytes[at] == b'\r' && bytes[at + 1] == b'\n',
                "a value ends its line"
            );
            at += 2;
        }
        Self { lines }
    }
}

const SERVERS_OWN: [&[u8]; 5] =
    [b"connection", b"content-length", b"date", b"keep-alive", b"transfer-encoding"];

const fn is_at(bytes: &[u8], start: usize, end: usize, name: &[u8]) -> bool {
    if end - start != name.len() {
        return false;
    }
    let mut at = 0;
    while at < name.len() {
        if bytes[start + at] != name[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// The fields of a response.
#[derive(Debug, Default)]
pub(crate) struct Written {
    fixed: Option<&'static FixedFields>,
    /// Further ones, as they go out.
    lines: Vec<u8>,
    is_dated: bool,
    has_close: bool,
    content_length: Option<u64>,
}

impl Written {
    pub(super) fn fixed(fields: &'static FixedFields) -> Self {
        Self { fixed: Some(fields), ..Self::default() }
    }

    pub(super) fn set_fixed(&mut self, fields: &'static FixedFields) {
        self.fixed = Some(fields);
    }

    pub(super) fn push(&mut self, name: &HeaderName, value: &HeaderValue) {
        let value = value.as_bytes();
        if is_connection_field(name) {
            // What they ask for is done by the server, in its own words.
            match *name {
                header::CONNECTION => self.has_close |= has_option(value, "close"),
                header::CONTENT_LENGTH => {
                    self.content_length = str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                }
                _ => {}
            }
            return;
        }
        if self.lines.capacity() == 0 {
            self.lines = spare::take_lines();
        }
        self.is_dated |= *name == header::DATE;
        encode::field(&mut self.lines, name, value);
    }

    /// The typed fields they stand for.
    pub(super) fn to_headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let fixed = self.fixed.map_or(&[][..], |fixed| fixed.lines.as_bytes());
        for line in [fixed, &self.lines].into_iter().flat_map(|lines| lines.split(|&byte| byte == b'\n')) {
            let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
            let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
                headers.append(name, value);
            }
        }
        if let Some(length) = self.content_length {
            headers.insert(header::CONTENT_LENGTH, length.into());
        }
        headers
    }

    /// Keeps the memory.
    #[inline]
    pub(super) fn keep(self) {
        spare::give_lines(self.lines);
    }
}

impl encode::Fields for Written {
    fn content_length(&self) -> Option<u64> {
        self.content_length
    }

    fn has_close(&self) -> bool {
        self.has_close
    }

    fn write(&self, out: &mut Vec<u8>) -> bool {
        if let Some(fixed) = self.fixed {
            out.extend_from_slice(fixed.lines.as_bytes());
        }
        if !self.lines.is_empty() {
            out.extend_from_slice(&self.lines);
        }
        self.is_dated
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn lines_of_another_form_are_not_taken() {
        let _ = FixedFields::new("");
        let _ = FixedFields::new("a: b\r\nx-1: \r\n");
        for lines in [
            "a: b",
            "a: b\n",
            "a:b\r\n",
            "a b: c\r\n",
            ": b\r\n",
            "A: b\r\n",
            "a: b\r\n\r\n",
            "a: b\r\n c\r\n",
            "a: b\0\r\n",
            "a: b\rc\r\n",
            "date: now\r\n",
            "a: b\r\ncontent-length: 3\r\n",
            "transfer-encoding: chunked\r\n",
            "connection: close\r\n",
        ] {
            assert!(catch_unwind(|| FixedFields::new(lines)).is_err(), "{lines:?}");
        }
    }
}
