//! Request targets and hosts, beside a second reading of RFC 3986 and of §3.2 of RFC 9112 that goes by the grammar.

use std::net::Ipv6Addr;

use http::{Request, StatusCode};
use minato_http::{Body, ServerConfig, handler_fn};
use minato_runtime::io::AsyncWriteExt;

use crate::kit::{run, serve};
use crate::noise::{Noise, rounds};

/// What the grammar makes of a target or host.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    /// It is one, with these parts: scheme, host, port, path, query.
    Valid(Parts),
    Invalid,
    /// The grammar has none like it, but servers may take it: of printable bytes, or with odd percent signs, in a path or
    /// query (RFC 9112 §3.2 asks for no more than not to correct them).
    Tolerated,
}

type Parts = (Option<String>, Option<String>, Option<String>, String, Option<String>);

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn is_sub_delim(byte: u8) -> bool {
    b"!$&'()*+,;=".contains(&byte)
}

/// Whether `text` is made of bytes that `is_one` takes, and of percent-encoded ones.
fn is_encoded(mut text: &[u8], is_one: impl Fn(u8) -> bool) -> bool {
    while let Some((&first, rest)) = text.split_first() {
        text = match (first, rest) {
            (b'%', [high, low, rest @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest,
            _ if is_one(first) => rest,
            _ => return false,
        };
    }
    true
}

/// RFC 3986 §3.2.2 and §3.2.3: `host [":" port]`, without user information. Percent-encoding in a name is refused by
/// choice: it is for other names than those of DNS, and `http` has no place for it.
fn authority(text: &[u8]) -> Option<(String, Option<String>)> {
    let (host, port) = match text.first() {
        Some(b'[') => {
            let end = text.iter().position(|byte| *byte == b']')?;
            let literal = std::str::from_utf8(&text[1..end]).ok()?;
            let is_future = || {
                let (version, rest) = literal.strip_prefix(['v', 'V'])?.split_once('.')?;
                let is_version = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_hexdigit());
                let is_one = |byte| is_unreserved(byte) || is_sub_delim(byte) || byte == b':';
                (is_version && !rest.is_empty() && rest.bytes().all(is_one)).then_some(())
            };
            if literal.parse::<Ipv6Addr>().is_err() && is_future().is_none() {
                return None;
            }
            text.split_at(end + 1)
        }
        _ => text.split_at(text.iter().position(|byte| *byte == b':').unwrap_or(text.len())),
    };
    if host.first() != Some(&b'[') && !host.iter().all(|byte| is_unreserved(*byte) || is_sub_delim(*byte)) {
        return None;
    }
    let port = match port {
        [] => None,
        [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) && digits.len() <= 5 => {
            let digits = String::from_utf8(digits.to_vec()).ok()?;
            if digits.parse::<u32>().is_ok_and(|port| port > 65_535) {
                return None;
            }
            Some(digits)
        }
        _ => return None,
    };
    Some((String::from_utf8(host.to_vec()).ok()?, port))
}

/// A path and a query, of which the path is there or nothing is.
fn path_and_query(text: &[u8]) -> Result<(String, Option<String>), Verdict> {
    let (path, query) = match text.iter().position(|byte| *byte == b'?') {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    if !text.iter().all(|byte| matches!(byte, 0x21..=0x7e) && *byte != b'#') {
        return Err(Verdict::Invalid);
    }
    let is_pchar = |byte| is_unreserved(byte) || is_sub_delim(byte) || b":@/".contains(&byte);
    if !is_encoded(path, is_pchar) || !is_encoded(query.unwrap_or(b""), |byte| is_pchar(byte) || byte == b'?')
    {
        return Err(Verdict::Tolerated);
    }
    let text = |part: &[u8]| String::from_utf8(part.to_vec()).unwrap();
    Ok((text(path), query.map(text)))
}

fn target(method: &str, text: &[u8]) -> Verdict {
    if method == "CONNECT" {
        return match authority(text) {
            // RFC 9110 §9.3.6: an empty port is to be refused.
            Some((host, Some(port))) if !host.is_empty() && !port.is_empty() => {
                Verdict::Valid((None, Some(host), Some(port), String::new(), None))
            }
            _ => Verdict::Invalid,
        };
    }
    if text == b"*" {
        return match method {
            "OPTIONS" => Verdict::Valid((None, None, None, "*".to_owned(), None)),
            _ => Verdict::Invalid,
        };
    }
    if text.first() == Some(&b'/') {
        return match path_and_query(text) {
            Ok((path, query)) => Verdict::Valid((None, None, None, path, query)),
            Err(verdict) => verdict,
        };
    }
    let Some(at) = text.iter().position(|byte| *byte == b':') else { return Verdict::Invalid };
    let scheme = String::from_utf8_lossy(&text[..at]).to_ascii_lowercase();
    let Some(rest) = text[at..].strip_prefix(b"://") else { return Verdict::Invalid };
    if !["http", "https"].contains(&scheme.as_str()) {
        return Verdict::Invalid;
    }
    let end = rest.iter().position(|byte| b"/?".contains(byte)).unwrap_or(rest.len());
    let Some((host, port)) = authority(&rest[..end]).filter(|(host, _)| !host.is_empty()) else {
        return Verdict::Invalid;
    };
    match path_and_query(&rest[end..]) {
        Ok((path, query)) => {
            // RFC 9110 §4.2.3: an empty path is that of the root.
            let path = if path.is_empty() { "/".to_owned() } else { path };
            Verdict::Valid((Some(scheme), Some(host), port, path, query))
        }
        Err(verdict) => verdict,
    }
}

/// The parts of the target as a handler sees them, or the status of the refusal.
fn served(method: &str, target: &[u8], host: &[u8]) -> Result<Parts, u16> {
    run(async {
        let service = handler_fn(|request: Request<Body>| async move {
            let uri = request.uri();
            let text = |part: Option<&str>| part.unwrap_or("\t").to_owned();
            // An empty port is none to `http`, and the grammar says that it means the same.
            let port = uri.authority().and_then(|authority| authority.as_str().rsplit_once(':'));
            let port = port.map(|(_, port)| port).filter(|port| !port.ends_with(']'));
            let parts = [
                text(uri.scheme_str()),
                text(uri.host()),
                text(port),
                uri.path().to_owned(),
                text(uri.query()),
            ]
            .join("\n");
            // No status that a CONNECT makes a tunnel of, and none of a refusal.
            (StatusCode::IM_A_TEAPOT, parts)
        });
        let (mut peer, _server) = serve(service, ServerConfig::default());
        let head = [method.as_bytes(), b" ", target, b" HTTP/1.1\r\nHost: ", host, b"\r\n\r\n"].concat();
        peer.io.write_all(&head).await.unwrap();
        let answer = peer.answer().await;
        if answer.status != 418 {
            return Err(answer.status);
        }
        let text = String::from_utf8(answer.body).unwrap();
        let mut parts = text.split('\n').map(|part| (part != "\t").then(|| part.to_owned()));
        let mut next = || parts.next().unwrap_or_default();
        Ok((next(), next(), next(), next().unwrap_or_default(), next()))
    })
}

const METHODS: &[&str] = &["GET", "GET", "GET", "OPTIONS", "CONNECT", "POST"];
const SCHEMES: &[&str] = &["http", "https", "HTTP", "ftp", "h2", ""];
const HOSTS: &[&str] = &[
    "a",
    "a.example",
    "A-b_c.d",
    "127.0.0.1",
    "[::1]",
    "[::ffff:1.2.3.4]",
    "[v1.x:y]",
    "[::g]",
    "[]",
    "[::1",
    "a%20b",
    "a%2",
    "a!$&'()*+,;=b",
    "u@a",
    "u:p@a",
    "",
    "a b",
    "caf\u{e9}",
    "xn--caf-dma",
    "~",
    "a/b",
    "a\\b",
    "a[b]",
    "[::1]x",
];
const PORTS: &[&str] =
    &["", "", "", ":80", ":", ":0", ":65535", ":65536", ":99999", ":080", ":+1", ":8o", ":80:80"];
const PATHS: &[&str] = &[
    "",
    "/",
    "/a/b",
    "//evil",
    "/a?b=c",
    "?q",
    "/?",
    "/%41",
    "/%zz",
    "/%",
    "/a#b",
    "/\"",
    "/<>",
    "/[x]",
    "/{x}",
    "/a|b",
    "/\\",
    "/^",
    "/`",
    "/caf\u{e9}",
    "/:@!$&'()*+,;=~",
    "/.",
    "/../x",
    "/a?b?c",
    "/a?%zz",
    "/a?\"<>",
    "*",
    "/*",
];
const SPICE: &[u8] = b":/?#[]@!$%*\\\"<>^`{|}~ \t\x7f\x80a0vVgG.-_+=";

fn a_host(noise: &mut Noise) -> Vec<u8> {
    let mut host = [noise.pick(HOSTS), noise.pick(PORTS)].concat().into_bytes();
    if noise.one_in(4) {
        noise.disturb(&mut host, SPICE);
    }
    host
}

fn a_target(noise: &mut Noise, method: &str) -> Vec<u8> {
    let mut target = match noise.below(4) {
        _ if method == "CONNECT" && !noise.one_in(4) => a_host(noise),
        0 | 1 => noise.pick(PATHS).as_bytes().to_vec(),
        2 => [noise.pick(SCHEMES).as_bytes(), b"://", &a_host(noise), noise.pick(PATHS).as_bytes()].concat(),
        _ => noise
            .pick(&["*", "a:80", "http:/a", "http:a", "://", "/", "http://", "mailto:a@b"])
            .as_bytes()
            .to_vec(),
    };
    if noise.one_in(4) {
        noise.disturb(&mut target, SPICE);
    }
    target
}

#[test]
fn targets_and_hosts_are_what_the_grammar_says() {
    let (valid, invalid) = (std::cell::Cell::new(0u64), std::cell::Cell::new(0u64));
    let are_many = rounds(6_000, |noise| {
        let method = noise.pick(METHODS);
        let is_plain = noise.one_in(2);
        let target_bytes = if is_plain && noise.one_in(2) { b"/".to_vec() } else { a_target(noise, method) };
        let host_bytes = if is_plain { b"a".to_vec() } else { a_host(noise) };
        // What ends the word or the line is another request, which others look at.
        let ends = |bytes: &[u8], with: &[u8]| bytes.iter().any(|byte| with.contains(byte));
        if ends(&target_bytes, b" \t\r\n") || target_bytes.is_empty() || ends(&host_bytes, b"\r\n") {
            return;
        }
        let trimmed = host_bytes.trim_ascii();
        let expected = match authority(trimmed) {
            Some(_) => target(method, &target_bytes),
            None => Verdict::Invalid,
        };
        let told = served(method, &target_bytes, &host_bytes);
        let text = || {
            let (target, host) =
                (String::from_utf8_lossy(&target_bytes), String::from_utf8_lossy(&host_bytes));
            format!("{method} {target:?} of {host:?}: {told:?}, not {expected:?}")
        };
        match &expected {
            Verdict::Valid(parts) => {
                valid.set(valid.get() + 1);
                assert_eq!(told.as_ref(), Ok(parts), "{}", text());
            }
            Verdict::Invalid => {
                invalid.set(invalid.get() + 1);
                assert_eq!(told, Err(400), "{}", text());
            }
            Verdict::Tolerated => assert!(told.is_ok() || told == Err(400), "{}", text()),
        }
    });
    assert!(
        !are_many || valid.get() > 0 && invalid.get() > 0,
        "noise that is all good or all bad tests nothing"
    );
}
