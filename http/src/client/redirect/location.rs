//! Where a `location` leads.

use std::fmt::Write;

use http::Uri;
use http::uri::{Authority, Scheme};

use crate::client::key::has_port;

/// The place a `location` means, seen from `base` (RFC 3986 §5.2). Its fragment is left out.
///
/// Spaces and bytes beyond ASCII, which some servers send as they are, are percent-encoded; other bytes that no URI has
/// make it malformed: `None`.
pub(super) fn resolve(base: &Uri, location: &[u8]) -> Option<Uri> {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = location.iter().position(|byte| !is_space(byte)).unwrap_or(location.len());
    let end = location.iter().rposition(|byte| !is_space(byte)).map_or(start, |at| at + 1);
    let location = &location[start..end];
    let mut text = String::with_capacity(location.len());
    for &byte in location {
        match byte {
            b'#' => break,
            0x21..=0x7e => text.push(char::from(byte)),
            b' ' | 0x80.. => write!(text, "%{byte:02X}").ok()?,
            _ => return None,
        }
    }
    let (scheme, rest) = match scheme(&text) {
        Some((scheme, rest)) => (Scheme::try_from(scheme.to_ascii_lowercase().as_str()).ok()?, rest),
        None => (base.scheme()?.clone(), text.as_str()),
    };
    let (authority, rest) = match rest.strip_prefix("//") {
        Some(rest) => {
            let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
            (authority.parse::<Authority>().ok().filter(has_port)?, rest)
        }
        // A scheme without an authority, as in `mailto:`, is none of ours.
        None if rest.len() != text.len() => return None,
        None => (base.authority()?.clone(), rest),
    };
    let is_here = text.len() == rest.len();
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (rest, None),
    };
    let path_and_query = match (path, query) {
        ("", None) if is_here => base.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        ("", Some(query)) if is_here => format!("{}?{query}", base.path()),
        _ => {
            let path = match path.starts_with('/') {
                true => without_dots(path),
                // RFC 3986 §5.2.3: all but the last segment of the base stays.
                false if is_here => {
                    let kept = base.path().rfind('/').map_or("/", |at| &base.path()[..=at]);
                    without_dots(&format!("{kept}{path}"))
                }
                false => "/".to_owned(),
            };
            query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"))
        }
    };
    Uri::builder().scheme(scheme).authority(authority).path_and_query(path_and_query).build().ok()
}

/// A scheme and what follows its colon, where there is one.
fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let mut bytes = scheme.bytes();
    let is_one = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    is_one.then_some((scheme, rest))
}

/// RFC 3986 §5.2.4.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(location: &str) -> Option<String> {
        let base = "http://a/b/c/d;p?q".parse().unwrap();
        resolve(&base, location.as_bytes()).map(|uri| uri.to_string())
    }

    /// RFC 3986 §5.4, but for the schemes that are none of ours, and without the fragments.
    #[test]
    fn references_are_resolved_as_the_examples_of_the_standard_are() {
        for (reference, expected) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g/"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q"),
            ("g#s", "http://a/b/c/g"),
            ("g?y#s", "http://a/b/c/g?y"),
            (";x", "http://a/b/c/;x"),
            ("g;x", "http://a/b/c/g;x"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("../../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            (".g", "http://a/b/c/.g"),
            ("g..", "http://a/b/c/g.."),
            ("./../g", "http://a/b/g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/./x", "http://a/b/c/g?y/./x"),
            ("HTTPS://h:1/x", "https://h:1/x"),
            ("http://h", "http://h/"),
            ("http://h?q", "http://h/?q"),
            (" /g ", "http://a/g"),
            ("/a b\u{e9}", "http://a/a%20b%C3%A9"),
        ] {
            assert_eq!(resolved(reference).as_deref(), Some(expected), "{reference:?}");
        }
    }

    #[test]
    fn what_is_no_place_leads_nowhere() {
        for reference in ["mailto:x@y", "http:g", "//", "//a b/", "/\u{7f}", "/\n", "http://[::1/"] {
            assert_eq!(resolved(reference), None, "{reference:?}");
        }
    }

    #[test]
    fn no_bytes_panic() {
        const ALPHABET: &[u8] = b"/.?#:ah@[]%\xff \x00;1";
        let mut seed = 1u32;
        let base: Uri = "http://a/b/c".parse().unwrap();
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..seed % 24)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    ALPHABET[(seed >> 20) as usize % ALPHABET.len()]
                })
                .collect();
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if let Some(uri) = resolve(&base, &bytes) {
                assert!(uri.scheme().is_some() && uri.authority().is_some());
            }
        }
    }
}
