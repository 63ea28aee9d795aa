//! The four forms of a request target, and the host (RFC 9112 §3.2).

use bytes::Bytes;
use http::uri::{Authority, Uri};
use http::{Method, Version};

use super::Fault;

/// The request target as a URI, if its form fits the method.
pub(crate) fn target(method: &Method, raw: Bytes) -> Result<Uri, Fault> {
    // RFC 9112 §3.2: no whitespace, no fragment; what is not ASCII must be percent-encoded.
    if raw.iter().any(|&byte| !(0x21..=0x7e).contains(&byte) || byte == b'#') {
        return Err(Fault::Target);
    }
    let first = raw.first().copied();
    let uri = Uri::from_maybe_shared(raw).map_err(|_| Fault::Target)?;
    let fits = match (method, first) {
        (&Method::CONNECT, _) => {
            uri.scheme().is_none() && uri.path_and_query().is_none() && uri.port_u16().is_some()
        }
        (_, Some(b'/')) => true,
        (_, Some(b'*')) => *method == Method::OPTIONS && uri.path() == "*",
        _ => matches!(uri.scheme_str(), Some("http" | "https")),
    };
    let authority_fits = uri.authority().is_none_or(|authority| is_host(authority.as_str().as_bytes()));
    match fits && authority_fits && uri.host() != Some("") {
        true => Ok(uri),
        false => Err(Fault::Target),
    }
}

/// RFC 9112 §3.2: 1.1 needs exactly one Host, and any version needs it well formed.
pub(crate) fn check_host(version: Version, host: Option<&Bytes>) -> Result<(), Fault> {
    match host {
        Some(host) if is_host(host) => Ok(()),
        None if version < Version::HTTP_11 => Ok(()),
        _ => Err(Fault::Host),
    }
}

/// Whether this is `uri-host [":" port]`, without user information; an empty host is one.
pub(crate) fn is_host(host: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let end = host.iter().position(|byte| !plain(byte)).unwrap_or(host.len());
    match &host[end..] {
        [] => true,
        [b':', port @ ..] => is_port(port),
        // Literal addresses, sub-delimiters and percent-encoding: rare, so checked by the full parser.
        _ => !host.contains(&b'@') && Authority::try_from(host).is_ok(),
    }
}

fn is_port(port: &[u8]) -> bool {
    port.len() <= 5
        && port.iter().all(u8::is_ascii_digit)
        && std::str::from_utf8(port).is_ok_and(|port| port.is_empty() || port.parse::<u16>().is_ok())
}
