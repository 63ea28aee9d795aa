//! Heads, chunks and trailers, written.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, StatusCode, Version};

use super::date::Date;
use super::fields::{has_option, is_trailer_allowed};
use super::framing::{self, Framing, Verb};

/// What a response says about the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Persistence {
    /// It stays open, and the peer assumes so.
    Implied,
    /// It stays open, which a 1.0 peer must be told.
    Announced,
    /// It closes after this response.
    Close,
}

/// What of a request matters to the framing of its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) verb: Verb,
    pub(crate) version: Version,
    pub(crate) accepts_trailers: bool,
}

/// How a response body is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ResponseFraming {
    /// How its end is known; `None` when no body is sent whatever the handler gave.
    pub(crate) body: Option<Framing>,
    /// The content-length the head announces.
    pub(crate) announced: Option<u64>,
}

/// Chooses the framing of a response (RFC 9112 §6).
///
/// `exact` is the length the body is known to have. Framing fields set by the handler count only where the body
/// itself does not know better, since a message framed twice is a smuggling vector.
pub(crate) fn response_framing(
    asked: &Asked,
    status: StatusCode,
    fields: &impl Fields,
    exact: Option<u64>,
    has_trailers: bool,
) -> ResponseFraming {
    let declared = || fields.content_length();
    if framing::is_bodiless(asked.verb, status) {
        let is_head = asked.verb == Verb::Head;
        let announced = match status {
            // RFC 9110 §8.6: a 204 has no length, whatever was asked.
            StatusCode::NO_CONTENT => None,
            _ if is_head && status.is_success() => declared().or(exact.filter(|length| *length > 0)),
            StatusCode::NOT_MODIFIED => declared(),
            _ if is_head => declared().or(exact),
            _ => None,
        };
        return ResponseFraming { body: None, announced };
    }
    let is_modern = asked.version >= Version::HTTP_11;
    if has_trailers && asked.accepts_trailers {
        return ResponseFraming { body: Some(Framing::Chunked), announced: None };
    }
    match exact.or_else(declared) {
        Some(length) => ResponseFraming { body: Some(Framing::Length(length)), announced: Some(length) },
        None if is_modern => ResponseFraming { body: Some(Framing::Chunked), announced: None },
        None => ResponseFraming { body: Some(Framing::UntilClose), announced: None },
    }
}

/// How the names of fields are written. To every recipient that keeps to RFC 9110 §5.1 it is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameCase {
    /// `content-type`, as in HTTP/2.
    #[default]
    Lower,
    /// `Content-Type`, for recipients that know no other.
    Title,
}

/// The fields of a response, as its service has set them.
pub(crate) trait Fields {
    /// The length they declare.
    fn content_length(&self) -> Option<u64>;

    /// Whether they ask for the end of the connection.
    fn has_close(&self) -> bool;

    /// Writes them, but for those that belong to the connection; answers whether a date was among them.
    fn write(&self, out: &mut Vec<u8>) -> bool;
}

impl Fields for HeaderMap {
    fn content_length(&self) -> Option<u64> {
        self.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    // Walked rather than looked up: a response has few fields, and nearly never this one.
    fn has_close(&self) -> bool {
        self.iter().any(|(name, value)| *name == header::CONNECTION && has_option(value.as_bytes(), "close"))
    }

    fn write(&self, out: &mut Vec<u8>) -> bool {
        let mut is_dated = false;
        for (name, value) in self {
            if !is_connection_field(name) {
                is_dated |= *name == header::DATE;
                field(out, name, value.as_bytes());
            }
        }
        is_dated
    }
}

/// Writes a response head; no date where none is given.
pub(crate) fn response_head(
    out: &mut Vec<u8>,
    status: StatusCode,
    fields: &impl Fields,
    framing: ResponseFraming,
    persistence: Persistence,
    date: Option<&Date>,
    case: NameCase,
) {
    let start = out.len();
    status_line(out, status);
    let is_dated = fields.write(out);
    match (framing.announced, framing.body) {
        (Some(length), _) => content_length(out, length),
        (None, Some(Framing::Chunked)) => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        (None, _) => {}
    }
    match persistence {
        Persistence::Implied => {}
        Persistence::Announced => out.extend_from_slice(b"connection: keep-alive\r\n"),
        Persistence::Close => out.extend_from_slice(b"connection: close\r\n"),
    }
    match date.filter(|_| !is_dated) {
        Some(date) => out.extend_from_slice(date.last_line()),
        None => out.extend_from_slice(b"\r\n"),
    }
    if case == NameCase::Title {
        title_case(&mut out[start..]);
    }
}

#[inline]
fn content_length(out: &mut Vec<u8>, length: u64) {
    // As many digits as a number can have.
    let mut line = *b"content-length: 18446744073709551615\r\n";
    const DIGITS_AT: usize = b"content-length: ".len();
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(length).as_bytes();
    let end = DIGITS_AT + digits.len();
    line[DIGITS_AT..end].copy_from_slice(digits);
    line[end..end + 2].copy_from_slice(b"\r\n");
    out.extend_from_slice(&line[..end + 2]);
}

/// Writes the names of a head's fields with capitals where their words begin.
pub(crate) fn title_case(head: &mut [u8]) {
    for line in head.split_mut(|&byte| byte == b'\n').skip(1) {
        let end = line.iter().position(|&byte| byte == b':').unwrap_or(0);
        let mut begins = true;
        for byte in &mut line[..end] {
            if begins {
                byte.make_ascii_uppercase();
            }
            begins = *byte == b'-';
        }
    }
}

/// Writes an informational response, or the final one that ends HTTP on the connection (RFC 9110 §15.2, §9.3.6).
pub(crate) fn bodiless_head(out: &mut Vec<u8>, status: StatusCode, fields: &impl Fields, case: NameCase) {
    let start = out.len();
    status_line(out, status);
    fields.write(out);
    if status == StatusCode::SWITCHING_PROTOCOLS {
        out.extend_from_slice(b"connection: upgrade\r\n");
    }
    out.extend_from_slice(b"\r\n");
    if case == NameCase::Title {
        title_case(&mut out[start..]);
    }
}

/// `100 Continue`, whole.
pub(crate) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

#[inline]
fn status_line(out: &mut Vec<u8>, status: StatusCode) {
    if status == StatusCode::OK {
        out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
        return;
    }
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.canonical_reason().unwrap_or("").as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// What is told to a proxy that requests are given to.
#[derive(Debug)]
pub(crate) struct Forwarding {
    pub(crate) authorization: Option<HeaderValue>,
}

/// Writes a request head; its `host` and framing are settled here.
pub(crate) fn request_head<B>(
    out: &mut Vec<u8>,
    request: &Request<B>,
    body: Option<Framing>,
    forwarding: Option<&Forwarding>,
) {
    out.extend_from_slice(request.method().as_str().as_bytes());
    out.push(b' ');
    let uri = request.uri();
    // RFC 9112 §3.2.2: a proxy is given the whole URI.
    if forwarding.is_some()
        && let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority())
        && request.method() != Method::CONNECT
    {
        out.extend_from_slice(scheme.as_bytes());
        out.extend_from_slice(b"://");
        out.extend_from_slice(authority.as_str().as_bytes());
    }
    match (request.method(), uri.authority()) {
        (&Method::CONNECT, Some(authority)) => out.extend_from_slice(authority.as_str().as_bytes()),
        _ => match uri.path_and_query() {
            Some(path) if path.as_str().starts_with(['/', '*']) => {
                out.extend_from_slice(path.as_str().as_bytes())
            }
            Some(path) => {
                out.push(b'/');
                out.extend_from_slice(path.as_str().as_bytes());
            }
            None => out.push(b'/'),
        },
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
    // RFC 9110 §7.2: Host comes first, so that a server can act on it early.
    match (request.headers().get(header::HOST), uri.authority()) {
        (Some(host), _) => field(out, &header::HOST, host.as_bytes()),
        (None, Some(authority)) => {
            let authority = authority.as_str();
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            field(out, &header::HOST, host.as_bytes());
        }
        (None, None) => field(out, &header::HOST, b""),
    }
    for (name, value) in request.headers() {
        if *name != header::HOST && *name != header::CONTENT_LENGTH && *name != header::TRANSFER_ENCODING {
            field(out, name, value.as_bytes());
        }
    }
    if let Some(value) = forwarding.and_then(|forwarding| forwarding.authorization.as_ref())
        && !request.headers().contains_key(header::PROXY_AUTHORIZATION)
    {
        field(out, &header::PROXY_AUTHORIZATION, value.as_bytes());
    }
    match body {
        Some(Framing::Length(length)) => {
            field(out, &header::CONTENT_LENGTH, itoa::Buffer::new().format(length).as_bytes());
        }
        Some(Framing::Chunked) => field(out, &header::TRANSFER_ENCODING, b"chunked"),
        // RFC 9112 §6.3: a request is never delimited by the end of the connection.
        Some(Framing::UntilClose) | None => {}
    }
    out.extend_from_slice(b"\r\n");
}

pub(crate) fn field(out: &mut Vec<u8>, name: &HeaderName, value: &[u8]) {
    let name = name.as_str().as_bytes();
    out.reserve(name.len() + value.len() + 4);
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Fields that belong to the connection and are written by it alone.
pub(crate) fn is_connection_field(name: &HeaderName) -> bool {
    match name.as_str().len() {
        10 => *name == header::CONNECTION || name.as_str() == "keep-alive",
        14 => *name == header::CONTENT_LENGTH,
        17 => *name == header::TRANSFER_ENCODING,
        _ => false,
    }
}

/// Writes what stands before the data of a chunk.
pub(crate) fn chunk_head(out: &mut Vec<u8>, len: usize) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digits = (usize::BITS - (len | 1).leading_zeros()).div_ceil(4);
    for place in (0..digits).rev() {
        out.push(HEX[len >> (4 * place) & 0xf]);
    }
    out.extend_from_slice(b"\r\n");
}

/// What stands after the data of a chunk.
pub(crate) const CHUNK_END: &[u8] = b"\r\n";

/// Writes the last chunk and the trailers.
pub(crate) fn last_chunk(out: &mut Vec<u8>, trailers: Option<&HeaderMap>) {
    out.extend_from_slice(b"0\r\n");
    for (name, value) in trailers.into_iter().flatten() {
        if is_trailer_allowed(name) {
            field(out, name, value.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
}
