//! A `set-cookie` field, read.

use std::time::{Duration, SystemTime};

use super::date;
use crate::limits::{COOKIE_ATTRIBUTE_BYTES, COOKIE_BYTES, COOKIE_LIFE};

/// What a server asks to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SetCookie {
    pub(super) name: String,
    pub(super) value: String,
    /// How long it is kept; `None` for as long as the jar.
    pub(super) life: Option<Duration>,
    /// In lower case, without the leading dot; `None` for the host itself.
    pub(super) domain: Option<String>,
    /// `None` for the default.
    pub(super) path: Option<String>,
    pub(super) is_secure: bool,
}

/// RFC 6265bis §5.6. Bytes that are no UTF-8 make a field that is ignored.
pub(super) fn parse(field: &[u8]) -> Option<SetCookie> {
    let field = std::str::from_utf8(field).ok()?;
    if field.bytes().any(|byte| matches!(byte, 0..=8 | 0x0a..=0x1f | 0x7f)) {
        return None;
    }
    let mut parts = field.split(';');
    let pair = parts.next().unwrap_or_default();
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    let (name, value) = (trim(name), trim(value));
    // LIMIT: a cookie is sent back with each request.
    if (name.is_empty() && value.is_empty()) || name.len() + value.len() > COOKIE_BYTES {
        return None;
    }
    let mut cookie = SetCookie {
        name: name.to_owned(),
        value: value.to_owned(),
        life: None,
        domain: None,
        path: None,
        is_secure: false,
    };
    let (mut max_age, mut expires) = (None, None);
    for attribute in parts {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let (name, value) = (trim(name), trim(value));
        if value.len() > COOKIE_ATTRIBUTE_BYTES {
            continue;
        }
        match name.to_ascii_lowercase().as_str() {
            "expires" => expires = date::parse(value.as_bytes()).or(expires),
            "max-age" => max_age = seconds(value).or(max_age),
            "domain" => {
                let domain = value.strip_prefix('.').unwrap_or(value).to_ascii_lowercase();
                cookie.domain = (!domain.is_empty()).then_some(domain);
            }
            "path" => cookie.path = value.starts_with('/').then(|| value.to_owned()),
            "secure" => cookie.is_secure = true,
            _ => {}
        }
    }
    // Max-Age goes before Expires; neither grants more than what is kept at most.
    let left = expires.map(|time| time.duration_since(SystemTime::now()).unwrap_or_default());
    cookie.life = max_age.or(left).map(|life| life.min(COOKIE_LIFE));
    Some(cookie)
}

/// A number of seconds; zero if it is below.
fn seconds(text: &str) -> Option<Duration> {
    let (digits, is_negative) = match text.strip_prefix('-') {
        Some(digits) => (digits, true),
        None => (text, false),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = if is_negative { 0 } else { digits.parse().unwrap_or(u64::MAX) };
    Some(Duration::from_secs(seconds))
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(field: &str) -> Option<(String, String)> {
        parse(field.as_bytes()).map(|cookie| (cookie.name, cookie.value))
    }

    #[test]
    fn name_and_value_are_what_stands_around_the_first_equals_sign() {
        let some = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(pair("a=b"), some("a", "b"));
        assert_eq!(pair(" a = b=c ; path=/"), some("a", "b=c"));
        assert_eq!(pair("a=\"b c\""), some("a", "\"b c\""));
        assert_eq!(pair("a="), some("a", ""));
        assert_eq!(pair("b"), some("", "b"));
        assert_eq!(pair("=b"), some("", "b"));
        for nothing in ["", "=", ";", " ; path=/", "a=b\x01", "a=b\x7f", "a\n=b"] {
            assert_eq!(pair(nothing), None, "{nothing:?}");
        }
        assert_eq!(parse(b"a=\xff"), None);
    }

    #[test]
    fn attributes_are_read_whatever_their_case_and_the_last_one_counts() {
        let cookie =
            parse(b"a=b; PATH=/x; path=y; Domain=.EXAMPLE.com; SECURE; HttpOnly; max-age=10; unknown")
                .unwrap();
        assert_eq!(cookie.path, None);
        assert_eq!(cookie.domain.as_deref(), Some("example.com"));
        assert!(cookie.is_secure);
        assert_eq!(cookie.life, Some(Duration::from_secs(10)));
    }

    #[test]
    fn a_life_is_the_age_before_the_date_and_not_longer_than_400_days() {
        let life = |field: &str| parse(field.as_bytes()).unwrap().life;
        assert_eq!(life("a=b"), None);
        assert_eq!(life("a=b; max-age=-1"), Some(Duration::ZERO));
        assert_eq!(
            life("a=b; max-age=5; expires=Thu, 01 Jan 1970 00:00:00 GMT"),
            Some(Duration::from_secs(5))
        );
        assert_eq!(life("a=b; expires=Thu, 01 Jan 1970 00:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(life("a=b; max-age=99999999999999999999999"), Some(COOKIE_LIFE));
        assert_eq!(life("a=b; expires=Fri, 31 Dec 9999 23:59:59 GMT"), Some(COOKIE_LIFE));
        assert_eq!(life("a=b; max-age=1x; max-age="), None);
    }

    #[test]
    fn what_is_too_long_is_not_kept() {
        assert!(pair(&format!("a={}", "b".repeat(COOKIE_BYTES - 1))).is_some());
        assert!(pair(&format!("a={}", "b".repeat(COOKIE_BYTES))).is_none());
        let path = format!("a=b; path=/{}", "x".repeat(COOKIE_ATTRIBUTE_BYTES));
        assert_eq!(parse(path.as_bytes()).unwrap().path, None);
    }
}
