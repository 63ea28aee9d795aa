//! The four forms of a request target, and the host (RFC 9112 §3.2).

use std::net::Ipv6Addr;

use bytes::Bytes;
use http::uri::Uri;
use http::{Method, Version};

use super::Fault;
use super::fields::Host;
use crate::limits::TARGET_BYTES;

/// The request target as a URI, if its form fits the method.
pub(crate) fn target(method: &Method, raw: Bytes) -> Result<Uri, Fault> {
    if !raw.iter().copied().all(is_target_byte) {
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

/// RFC 9112 §3.2: no whitespace, no fragment; what is not ASCII must be percent-encoded.
pub(crate) fn is_target_byte(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7e) && byte != b'#'
}

/// Whether this is a path, with a query or without, of bytes that nobody takes offence at: those of RFC 3986, of which
/// nearly all targets are made. About others `http` is to be asked.
pub(crate) fn is_target_plain(target: &[u8]) -> bool {
    target.len() <= TARGET_BYTES && target.iter().all(|&byte| IS_URI[usize::from(byte)])
}

const IS_URI: [bool; 256] = {
    let mut is_uri = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        is_uri[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let others = b"-._~:/?@!$&'()*+,;=%";
    let mut at = 0;
    while at < others.len() {
        is_uri[others[at] as usize] = true;
        at += 1;
    }
    is_uri
};

/// RFC 9112 §3.2: 1.1 needs exactly one Host, and any version needs it well formed.
pub(crate) fn check_host(version: Version, host: Host) -> Result<(), Fault> {
    match host {
        Host::WellFormed => Ok(()),
        Host::Absent if version < Version::HTTP_11 => Ok(()),
        Host::Absent | Host::Malformed => Err(Fault::Host),
    }
}

/// Whether this is `uri-host [":" port]`, without user information; an empty host is one.
pub(crate) fn is_host(host: &[u8]) -> bool {
    let mut rest = host;
    // Without a branch for each byte, so that this is a few instructions on vectors.
    while let Some((block, behind)) = rest.split_first_chunk::<8>()
        && block.iter().fold(true, |all, &byte| all & is_plain(byte))
    {
        rest = behind;
    }
    let end = match rest.iter().position(|&byte| !is_plain(byte)) {
        Some(at) => host.len() - rest.len() + at,
        None => host.len(),
    };
    match &host[end..] {
        [] => true,
        [b':', port @ ..] => is_port(port),
        _ => is_rare_host(host),
    }
}

/// A host with what is rare in one: a literal address, or sub-delimiters (RFC 3986 §3.2.2). Percent-encoding, which is for
/// other names than those of DNS, is refused here as it is by `http`.
fn is_rare_host(host: &[u8]) -> bool {
    let end = match host.first() {
        Some(b'[') => host.iter().position(|&byte| byte == b']').map(|at| at + 1),
        _ => host.iter().position(|&byte| byte == b':'),
    };
    let (name, port) = host.split_at(end.unwrap_or(host.len()));
    let is_name = match name {
        [b'[', literal @ .., b']'] => is_literal(literal),
        name => name.iter().all(|&byte| is_plain(byte) || is_rare(byte)),
    };
    is_name
        && match port {
            [] => true,
            [b':', port @ ..] => is_port(port),
            _ => false,
        }
}

/// What stands in brackets: an address of version 6, or what a later version may bring.
fn is_literal(literal: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(literal) else { return false };
    match literal {
        [b'v' | b'V', later @ ..] => {
            let dot = later.iter().position(|byte| !byte.is_ascii_hexdigit());
            let (version, address) = later.split_at(dot.unwrap_or(later.len()));
            let is_one = |&byte: &u8| is_plain(byte) || is_rare(byte) || byte == b':';
            !version.is_empty() && address.len() > 1 && address[0] == b'.' && address[1..].iter().all(is_one)
        }
        _ => text.parse::<Ipv6Addr>().is_ok(),
    }
}

/// The bytes that a host may have beside the plain ones.
fn is_rare(byte: u8) -> bool {
    b"~!$&'()*+,;=".contains(&byte)
}

/// The bytes of nearly all hosts.
const fn is_plain(byte: u8) -> bool {
    ((byte | 0x20).wrapping_sub(b'a') < 26)
        | (byte.wrapping_sub(b'-') < 2)
        | (byte.wrapping_sub(b'0') < 10)
        | (byte == b'_')
}

fn is_port(port: &[u8]) -> bool {
    let value = port.iter().try_fold(0, |value: u32, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        Some(value * 10 + u32::from(digit)).filter(|value| *value <= u32::from(u16::MAX))
    });
    port.len() <= 5 && value.is_some()
}
