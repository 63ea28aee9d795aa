//! Field lines become a header map; the fields that frame the message are noted on the way.

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::Fault;
use super::names::name;
use super::target::is_host;

/// What the fields say about the message and the connection, gathered while they are read once.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) content_length: Option<u64>,
    pub(crate) transfer: Transfer,
    pub(crate) host: Host,
    pub(crate) close: bool,
    pub(crate) keep_alive: bool,
    /// Among the connection options is `upgrade`.
    pub(crate) upgrade: bool,
    /// There is a field that names protocols to switch to.
    pub(crate) names_protocol: bool,
    pub(crate) expect_continue: bool,
    pub(crate) expects_other: bool,
    pub(crate) accepts_trailers: bool,
    /// A length may be told again.
    pub(crate) equal_lengths: bool,
}

/// The transfer codings, over all lines that name them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transfer {
    #[default]
    Absent,
    Chunked,
    /// Codings we do not have, and no `chunked` after them.
    Unframed,
    /// Codings we do not have, then `chunked`.
    Unsupported,
}

/// What the `host` field says.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    #[default]
    Absent,
    WellFormed,
    Malformed,
}

impl Notes {
    /// Takes one field into account.
    pub(crate) fn note(&mut self, name: &[u8], value: &[u8]) -> Result<(), Fault> {
        // The length tells most fields apart, so that the usual one costs a jump and no comparison.
        match name.len() {
            2 if name.eq_ignore_ascii_case(b"te") => self.te(value),
            4 if name.eq_ignore_ascii_case(b"host") => self.host(value)?,
            6 if name.eq_ignore_ascii_case(b"expect") => self.expect(value),
            7 if name.eq_ignore_ascii_case(b"upgrade") => self.names_protocol = true,
            10 if name.eq_ignore_ascii_case(b"connection") => self.connection(value),
            14 if name.eq_ignore_ascii_case(b"content-length") => self.content_length(value)?,
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.transfer_codings(value)?,
            _ => {}
        }
        Ok(())
    }

    pub(super) fn te(&mut self, value: &[u8]) {
        self.accepts_trailers |= tokens(value).any(|token| is(token, "trailers"));
    }

    // RFC 9112 §3.2: more than one Host line is an error.
    pub(super) fn host(&mut self, value: &[u8]) -> Result<(), Fault> {
        if self.host != Host::Absent {
            return Err(Fault::Host);
        }
        self.host = if is_host(value) { Host::WellFormed } else { Host::Malformed };
        Ok(())
    }

    pub(super) fn expect(&mut self, value: &[u8]) {
        match is(value, "100-continue") {
            true => self.expect_continue = true,
            false => self.expects_other = true,
        }
    }

    pub(super) fn connection(&mut self, value: &[u8]) {
        for token in tokens(value) {
            self.close |= is(token, "close");
            self.keep_alive |= is(token, "keep-alive");
            self.upgrade |= is(token, "upgrade");
        }
    }

    pub(super) fn content_length(&mut self, value: &[u8]) -> Result<(), Fault> {
        let length = content_length(value).ok_or(Fault::ContentLength)?;
        if self.content_length.is_some_and(|before| !self.equal_lengths || before != length) {
            return Err(Fault::ContentLength);
        }
        self.content_length = Some(length);
        Ok(())
    }

    // RFC 9112 §6.1: several lines are one list, in which `chunked` stands last and once.
    pub(super) fn transfer_codings(&mut self, value: &[u8]) -> Result<(), Fault> {
        for coding in value.split(|&byte| byte == b',') {
            let coding = coding.trim_ascii();
            self.transfer = match (self.transfer, is(coding, "chunked")) {
                _ if coding.is_empty() => return Err(Fault::TransferCoding),
                (Transfer::Chunked | Transfer::Unsupported, _) => return Err(Fault::TransferCoding),
                (Transfer::Absent, true) => Transfer::Chunked,
                (Transfer::Unframed, true) => Transfer::Unsupported,
                (Transfer::Absent | Transfer::Unframed, false) => Transfer::Unframed,
            };
        }
        Ok(())
    }
}

/// Moves parsed field lines, whose bytes lie in `head`, into `map`.
pub(crate) fn fill(
    map: &mut HeaderMap,
    head: &Bytes,
    lines: &[httparse::Header<'_>],
    mut each: impl FnMut(&[u8], &[u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    map.reserve(lines.len());
    for line in lines {
        each(line.name.as_bytes(), line.value)?;
        let value =
            HeaderValue::from_maybe_shared(head.slice_ref(line.value)).map_err(|_| Fault::FieldValue)?;
        map.append(name(line.name.as_bytes())?, value);
    }
    Ok(())
}

/// RFC 9110 §8.6: 1*DIGIT, and here not above `i64::MAX`, so that no peer's signed arithmetic disagrees.
fn content_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 19 {
        return None;
    }
    let mut length: u64 = 0;
    for &byte in value {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        length = length.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    i64::try_from(length).is_ok().then_some(length)
}

/// Whether a list of connection options names this one (RFC 9110 §7.6.1).
pub(crate) fn has_option(list: &[u8], option: &str) -> bool {
    tokens(list).any(|token| is(token, option))
}

/// The members of a comma-separated list.
fn tokens(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii)
}

fn is(token: &[u8], what: &str) -> bool {
    token.eq_ignore_ascii_case(what.as_bytes())
}

/// Whether a trailer section may carry this field: those that frame, route or authenticate may not.
///
/// RFC 9110 §6.5.1: such fields are to be ignored by a recipient, and are not sent by us.
pub(crate) fn is_trailer_allowed(name: &HeaderName) -> bool {
    use http::header as h;
    const FORBIDDEN: [HeaderName; 20] = [
        h::AUTHORIZATION,
        h::CACHE_CONTROL,
        h::CONNECTION,
        h::CONTENT_ENCODING,
        h::CONTENT_LENGTH,
        h::CONTENT_RANGE,
        h::CONTENT_TYPE,
        h::COOKIE,
        h::EXPECT,
        h::HOST,
        h::MAX_FORWARDS,
        h::PRAGMA,
        h::PROXY_AUTHORIZATION,
        h::RANGE,
        h::SET_COOKIE,
        h::TE,
        h::TRAILER,
        h::TRANSFER_ENCODING,
        h::UPGRADE,
        h::WWW_AUTHENTICATE,
    ];
    !FORBIDDEN.contains(name)
}
