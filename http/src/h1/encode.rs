//! Heads, chunks and trailers, written.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, StatusCode, Version};

use super::date::Date;
use super::fields::is_trailer_allowed;
use super::framing::{self, Framing};

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
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
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
    headers: &HeaderMap,
    exact: Option<u64>,
    has_trailers: bool,
) -> ResponseFraming {
    let declared = || headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
    if framing::is_bodiless(&asked.method, status) {
        let announced = match status {
            _ if asked.method == Method::HEAD && status.is_success() => {
                declared().or(exact.filter(|length| *length > 0))
            }
            StatusCode::NOT_MODIFIED => declared(),
            _ if asked.method == Method::HEAD && status != StatusCode::NO_CONTENT => declared().or(exact),
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

/// Writes a response head; no date where none is given.
pub(crate) fn response_head(
    out: &mut Vec<u8>,
    status: StatusCode,
    headers: &HeaderMap,
    framing: ResponseFraming,
    persistence: Persistence,
    date: Option<&Date>,
    case: NameCase,
) {
    let start = out.len();
    status_line(out, status);
    let mut dated = false;
    for (name, value) in headers {
        if is_connection_field(name) {
            continue;
        }
        dated |= *name == header::DATE;
        field(out, name, value.as_bytes());
    }
    match (framing.announced, framing.body) {
        (Some(length), _) => {
            out.extend_from_slice(b"content-length: ");
            out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        (None, Some(Framing::Chunked)) => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        (None, _) => {}
    }
    match persistence {
        Persistence::Implied => {}
        Persistence::Announced => out.extend_from_slice(b"connection: keep-alive\r\n"),
        Persistence::Close => out.extend_from_slice(b"connection: close\r\n"),
    }
    if let Some(date) = date.filter(|_| !dated) {
        out.extend_from_slice(date.line());
    }
    out.extend_from_slice(b"\r\n");
    if case == NameCase::Title {
        title_case(&mut out[start..]);
    }
}

/// Writes the names of a head's fields with capitals where their words begin.
fn title_case(head: &mut [u8]) {
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
pub(crate) fn bodiless_head(out: &mut Vec<u8>, status: StatusCode, headers: &HeaderMap, case: NameCase) {
    let start = out.len();
    status_line(out, status);
    for (name, value) in headers {
        if !is_connection_field(name) {
            field(out, name, value.as_bytes());
        }
    }
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

fn field(out: &mut Vec<u8>, name: &HeaderName, value: &[u8]) {
    let name = name.as_str().as_bytes();
    out.reserve(name.len() + value.len() + 4);
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Fields that belong to the connection and are written by it alone.
fn is_connection_field(name: &HeaderName) -> bool {
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
