//! The static table (RFC 7541 appendix A).

use http::header::{self, HeaderName, HeaderValue};
use http::uri::{PathAndQuery, Scheme};
use http::{Method, StatusCode};

use super::field::{Field, Keep, Name};

/// Its entries; what comes behind them is the dynamic table.
pub(super) const LEN: usize = 61;

/// Where the fields with a value of their own begin.
pub(super) mod index {
    pub(in crate::h2::hpack) const AUTHORITY: u8 = 1;
    pub(in crate::h2::hpack) const METHOD: u8 = 2;
    pub(in crate::h2::hpack) const PATH: u8 = 4;
    pub(in crate::h2::hpack) const SCHEME: u8 = 6;
    pub(in crate::h2::hpack) const STATUS: u8 = 8;
    pub(in crate::h2::hpack) const ACCEPT_ENCODING: u8 = 16;
    pub(in crate::h2::hpack) const AGE: u8 = 21;
    pub(in crate::h2::hpack) const AUTHORIZATION: u8 = 23;
    pub(in crate::h2::hpack) const CONTENT_LENGTH: u8 = 28;
    pub(in crate::h2::hpack) const COOKIE: u8 = 32;
    pub(in crate::h2::hpack) const ETAG: u8 = 34;
    pub(in crate::h2::hpack) const IF_MODIFIED_SINCE: u8 = 40;
    pub(in crate::h2::hpack) const IF_NONE_MATCH: u8 = 41;
    pub(in crate::h2::hpack) const LOCATION: u8 = 46;
    pub(in crate::h2::hpack) const PROXY_AUTHORIZATION: u8 = 49;
    pub(in crate::h2::hpack) const SET_COOKIE: u8 = 55;
}

/// The first entry that is no pseudo field.
const FIRST_FIELD: usize = 15;

/// The names from [`FIRST_FIELD`] on.
static NAMES: [HeaderName; LEN + 1 - FIRST_FIELD] = [
    header::ACCEPT_CHARSET,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::ACCEPT_RANGES,
    header::ACCEPT,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::AGE,
    header::ALLOW,
    header::AUTHORIZATION,
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LENGTH,
    header::CONTENT_LOCATION,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::DATE,
    header::ETAG,
    header::EXPECT,
    header::EXPIRES,
    header::FROM,
    header::HOST,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::IF_UNMODIFIED_SINCE,
    header::LAST_MODIFIED,
    header::LINK,
    header::LOCATION,
    header::MAX_FORWARDS,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::RANGE,
    header::REFERER,
    header::REFRESH,
    header::RETRY_AFTER,
    header::SERVER,
    header::SET_COOKIE,
    header::STRICT_TRANSPORT_SECURITY,
    header::TRANSFER_ENCODING,
    header::USER_AGENT,
    header::VARY,
    header::VIA,
    header::WWW_AUTHENTICATE,
];

/// The name of the entry with this index, which is 1 to [`LEN`].
pub(super) fn name(index: usize) -> Name {
    match index {
        1 => Name::Authority,
        2 | 3 => Name::Method,
        4 | 5 => Name::Path,
        6 | 7 => Name::Scheme,
        8..=14 => Name::Status,
        _ => Name::of(NAMES[index - FIRST_FIELD].clone()),
    }
}

/// The entry with this index, which is 1 to [`LEN`], and the length of its name and value.
pub(super) fn field(index: usize) -> (Field, usize) {
    const STATUSES: [StatusCode; 7] = [
        StatusCode::OK,
        StatusCode::NO_CONTENT,
        StatusCode::PARTIAL_CONTENT,
        StatusCode::NOT_MODIFIED,
        StatusCode::BAD_REQUEST,
        StatusCode::NOT_FOUND,
        StatusCode::INTERNAL_SERVER_ERROR,
    ];
    match index {
        2 => (Field::Method(Method::GET), 7 + 3),
        3 => (Field::Method(Method::POST), 7 + 4),
        4 => (Field::Path(PathAndQuery::from_static("/")), 5 + 1),
        5 => (Field::Path(PathAndQuery::from_static("/index.html")), 5 + 11),
        6 => (Field::Scheme(Scheme::HTTP), 7 + 4),
        7 => (Field::Scheme(Scheme::HTTPS), 7 + 5),
        8..=14 => (Field::Status(STATUSES[index - 8]), 7 + 3),
        16 => (Field::Usual(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate")), 15 + 13),
        _ => {
            let name = name(index);
            let len = name.len();
            (Field::new(name, b"", Keep::Long), len)
        }
    }
}

/// Where [`index_of`] looks for a name.
const fn place(name: &[u8]) -> usize {
    match name {
        [first, .., last] => (name.len() * 8 + *first as usize * 34 + *last as usize) % 256,
        _ => 0,
    }
}

/// The names of the table at their places, with their index. Made by [`place`], which sends no two of them to one.
static PLACES: [u8; 256] = {
    let names: [&str; LEN + 1 - FIRST_FIELD] = [
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "accept-ranges",
        "accept",
        "access-control-allow-origin",
        "age",
        "allow",
        "authorization",
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-range",
        "content-type",
        "cookie",
        "date",
        "etag",
        "expect",
        "expires",
        "from",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "last-modified",
        "link",
        "location",
        "max-forwards",
        "proxy-authenticate",
        "proxy-authorization",
        "range",
        "referer",
        "refresh",
        "retry-after",
        "server",
        "set-cookie",
        "strict-transport-security",
        "transfer-encoding",
        "user-agent",
        "vary",
        "via",
        "www-authenticate",
    ];
    let mut places = [0; 256];
    let mut i = 0;
    while i < names.len() {
        let place = place(names[i].as_bytes());
        assert!(places[place] == 0, "two names at one place");
        places[place] = (FIRST_FIELD + i) as u8;
        i += 1;
    }
    places
};

/// The index of the first entry with this name, zero if there is none.
#[inline]
pub(super) fn index_of(name: &HeaderName) -> u8 {
    let index = PLACES[place(name.as_str().as_bytes())];
    match usize::from(index).checked_sub(FIRST_FIELD) {
        Some(at) if NAMES[at] == *name => index,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_table_is_found_in_it() {
        for (i, name) in NAMES.iter().enumerate() {
            assert_eq!(usize::from(index_of(name)), FIRST_FIELD + i, "{name}");
        }
        for name in ["x", "x-custom", "grpc-status", "te", "upgrade", "accept-charsex", "viaa"] {
            assert_eq!(index_of(&HeaderName::from_static(name)), 0, "{name}");
        }
    }
}
