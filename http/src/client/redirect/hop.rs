//! The request that follows a response.

use http::header::{self, HeaderMap, HeaderName};
use http::uri::Scheme;
use http::{Method, StatusCode, Uri};

/// Fields that say something about a body, and go with it.
const ABOUT_BODY: [HeaderName; 7] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    header::TRANSFER_ENCODING,
    header::EXPECT,
];

/// Fields meant for one origin only.
const OF_ORIGIN: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::COOKIE,
    header::PROXY_AUTHORIZATION,
    header::REFERER,
    HeaderName::from_static("cookie2"),
];

/// What becomes of method and body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Both are sent again.
    Repeat,
    /// A GET without a body.
    Get,
}

/// What a redirect makes of a method (RFC 9110 §15.4); `None` where this is no redirect to follow.
pub(super) fn change(status: StatusCode, method: &Method) -> Option<Change> {
    match status {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND if method == Method::POST => Some(Change::Get),
        StatusCode::SEE_OTHER if method != Method::HEAD && method != Method::GET => Some(Change::Get),
        StatusCode::MOVED_PERMANENTLY
        | StatusCode::FOUND
        | StatusCode::SEE_OTHER
        | StatusCode::TEMPORARY_REDIRECT
        | StatusCode::PERMANENT_REDIRECT => Some(Change::Repeat),
        _ => None,
    }
}

/// Leaves the fields out that say something about a body.
pub(super) fn forget_body(headers: &mut HeaderMap) {
    for name in ABOUT_BODY {
        headers.remove(name);
    }
}

/// Leaves the fields out that another origin must not see.
pub(super) fn forget_secrets(headers: &mut HeaderMap, more: &[HeaderName]) {
    for name in OF_ORIGIN.iter().chain(more) {
        headers.remove(name);
    }
    let marked: Vec<HeaderName> =
        headers.iter().filter(|(_, value)| value.is_sensitive()).map(|(name, _)| name.clone()).collect();
    for name in marked {
        headers.remove(name);
    }
}

/// RFC 6454: whether scheme, host and port are the same.
pub(super) fn is_same_origin(one: &Uri, other: &Uri) -> bool {
    let port = |uri: &Uri| {
        let usual = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
        uri.port_u16().unwrap_or(usual)
    };
    let host = |uri: &Uri| uri.host().map(str::to_ascii_lowercase);
    one.scheme() == other.scheme() && host(one) == host(other) && port(one) == port(other)
}

/// Whether the way leads from where nobody can listen to where everybody can.
pub(super) fn is_downgrade(from: &Uri, to: &Uri) -> bool {
    from.scheme() == Some(&Scheme::HTTPS) && to.scheme() != Some(&Scheme::HTTPS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_change_as_the_standard_and_the_web_have_it() {
        let table = [
            (301, [Some(Change::Repeat), Some(Change::Get), Some(Change::Repeat), Some(Change::Repeat)]),
            (302, [Some(Change::Repeat), Some(Change::Get), Some(Change::Repeat), Some(Change::Repeat)]),
            (303, [Some(Change::Repeat), Some(Change::Get), Some(Change::Get), Some(Change::Repeat)]),
            (307, [Some(Change::Repeat); 4]),
            (308, [Some(Change::Repeat); 4]),
            (200, [None; 4]),
            (300, [None; 4]),
            (304, [None; 4]),
            (305, [None; 4]),
        ];
        for (status, expected) in table {
            let status = StatusCode::from_u16(status).unwrap();
            let changed =
                [Method::GET, Method::POST, Method::PUT, Method::HEAD].map(|method| change(status, &method));
            assert_eq!(changed, expected, "{status}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let same = |one: &str, other: &str| is_same_origin(&one.parse().unwrap(), &other.parse().unwrap());
        assert!(same("http://a/x", "http://A:80/y"));
        assert!(same("https://a:443/", "https://a/"));
        assert!(!same("http://a/", "https://a/"));
        assert!(!same("http://a/", "http://a:81/"));
        assert!(!same("http://a/", "http://x.a/"));
        assert!(!same("http://x.a/", "http://a/"));
    }
}
