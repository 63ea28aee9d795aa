//! What HTTP/2 asks of a head and h2 does not check.

use http::Method;
use http::header::{self, HeaderMap, HeaderName};
use http::request::Parts;

use crate::h1::is_host;

/// Whether a request head is one that every recipient understands alike.
///
/// RFC 9113 §8.2.1: a field value does not start or end with whitespace. §8.3.1: `:authority` has no user information
/// and agrees with Host, of which there is at most one; only OPTIONS asks for `*`. §8.5: CONNECT says host and port.
pub(crate) fn check_request(head: &Parts) -> bool {
    let is_trimmed = |value: &[u8]| {
        let ends = [value.first(), value.last()];
        !ends.contains(&Some(&b' ')) && !ends.contains(&Some(&b'\t'))
    };
    if !head.headers.values().all(|value| is_trimmed(value.as_bytes())) {
        return false;
    }
    if head.uri.path() == "*" && head.method != Method::OPTIONS {
        return false;
    }
    let is_tunnel = head.method == Method::CONNECT && head.extensions.get::<h2::ext::Protocol>().is_none();
    if is_tunnel && head.uri.port_u16().is_none() {
        return false;
    }
    let authority = head.uri.authority().map(|authority| authority.as_str().as_bytes());
    if authority.is_some_and(|authority| !is_host(authority)) {
        return false;
    }
    let mut hosts = head.headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => true,
        (Some(host), None) => {
            let host = host.as_bytes();
            is_host(host) && authority.is_none_or(|authority| authority.eq_ignore_ascii_case(host))
        }
        (Some(_), Some(_)) => false,
    }
}

/// Removes the fields that belong to an HTTP/1 connection (RFC 9113 §8.2.2).
pub(crate) fn strip_connection_fields(headers: &mut HeaderMap) {
    // Walked first, and not looked up: a head has few fields, and nearly never one of these.
    if headers.keys().any(is_connection_field) {
        let found: Vec<HeaderName> =
            headers.keys().filter(|name| is_connection_field(name)).cloned().collect();
        for name in found {
            headers.remove(name);
        }
    }
}

fn is_connection_field(name: &HeaderName) -> bool {
    match name.as_str().len() {
        7 => *name == header::UPGRADE,
        10 => *name == header::CONNECTION || name.as_str() == "keep-alive",
        16 => name.as_str() == "proxy-connection",
        17 => *name == header::TRANSFER_ENCODING,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn is_good(uri: &str, fields: &[(&str, &str)]) -> bool {
        let request =
            fields.iter().fold(Request::get(uri), |request, (name, value)| request.header(*name, *value));
        check_request(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn the_authority_has_no_user_and_agrees_with_the_host() {
        assert!(is_good("http://a.example/", &[]));
        assert!(is_good("http://a.example/", &[("host", "A.example")]));
        assert!(is_good("http://[::1]:80/", &[("host", "[::1]:80")]));
        assert!(!is_good("http://user@a.example/", &[]));
        assert!(!is_good("http://a.example/", &[("host", "b.example")]));
        assert!(!is_good("http://a.example/", &[("host", "a.example"), ("host", "a.example")]));
        assert!(!is_good("/", &[("host", "user@a.example")]));
    }

    #[test]
    fn values_do_not_start_or_end_with_whitespace() {
        assert!(is_good("/", &[("x", "a b"), ("y", "")]));
        for value in [" a", "a ", "\ta", "a\t", " "] {
            assert!(!is_good("/", &[("x", value)]), "{value:?}");
        }
    }

    #[test]
    fn fields_of_the_connection_are_removed() {
        let mut headers = HeaderMap::new();
        for name in ["connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection", "te"] {
            headers.insert(name, "x".parse().unwrap());
        }
        strip_connection_fields(&mut headers);
        assert_eq!(headers.keys().collect::<Vec<_>>(), ["te"]);
    }
}
