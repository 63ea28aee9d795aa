//! The place a connection goes to.

use std::hash::{Hash, Hasher};

use http::Uri;
use http::uri::{Authority, Scheme};

use crate::error::{Error, Kind};

/// Whether a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Clear,
    Tls,
}

/// Scheme, host and port: connections to equal ones are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) transport: Transport,
    authority: Authority,
}

/// Equal authorities may differ in case, by one bit of a letter. That bit is on in all that is hashed, eight bytes at a
/// time.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        const CASE: u64 = 0x2020_2020_2020_2020;
        for chunk in self.authority.as_str().as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            state.write_u64(u64::from_le_bytes(word) | CASE);
        }
        state.write_u64(self.transport as u64);
    }
}

impl Key {
    /// Where a request goes, if it can be sent at all.
    pub(super) fn of(uri: &Uri) -> Result<Self, Error> {
        let user = |what| Err(Error::new(Kind::User(what)));
        let transport = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => Transport::Clear,
            Some(scheme) if *scheme == Scheme::HTTPS => Transport::Tls,
            Some(_) => return user("only the schemes http and https are supported"),
            None => return user("the URI has no scheme and host"),
        };
        match uri.authority() {
            Some(authority) if authority.as_str().contains('@') => user("the URI has user information"),
            Some(authority) if authority.host().is_empty() => user("the URI has no scheme and host"),
            Some(authority) if !has_port(authority) => user("the port of the URI is none"),
            Some(authority) => Ok(Self { transport, authority: authority.clone() }),
            None => user("the URI has no scheme and host"),
        }
    }

    /// The URI of the place: scheme and authority.
    pub(super) fn uri(&self) -> Uri {
        let scheme = match self.transport {
            Transport::Clear => Scheme::HTTP,
            Transport::Tls => Scheme::HTTPS,
        };
        let uri = Uri::builder().scheme(scheme).authority(self.authority.clone()).path_and_query("/");
        uri.build().unwrap_or_default()
    }

    /// Host and port, the port always told.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.authority.host(), self.port())
    }

    /// RFC 9110 §4.2: the port, also where the URI names none.
    pub(super) fn port(&self) -> u16 {
        let usual = match self.transport {
            Transport::Clear => 80,
            Transport::Tls => 443,
        };
        self.authority.port_u16().unwrap_or(usual)
    }

    /// The name or address of the host, without brackets.
    pub(super) fn host(&self) -> &str {
        host(self.authority.host())
    }
}

/// Whether what stands behind the host is nothing, or a port (RFC 3986 §3.2.3, where it may be empty) that TCP has. Others
/// would be taken for the usual port, and lead to another server than the one that was meant.
pub(super) fn has_port(authority: &Authority) -> bool {
    // Looked at from where the host lies in the text, which is asked of every request: a search would be a tenth of its cost.
    let (text, host) = (authority.as_str(), authority.host());
    let behind = (host.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize).wrapping_add(host.len());
    match text.as_bytes().get(behind..) {
        Some([]) => true,
        Some([b':', digits @ ..]) => {
            let port = digits.iter().try_fold(0_u16, |port, digit| {
                let digit = digit.checked_sub(b'0').filter(|digit| *digit <= 9)?;
                port.checked_mul(10)?.checked_add(u16::from(digit))
            });
            port.is_some()
        }
        _ => false,
    }
}

/// An authority's host without the brackets of a literal address.
pub(super) fn host(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_no_connection_can_have_is_not_taken_for_the_usual_one() {
        for uri in
            ["http://a:99999/", "http://a:65536/", "https://[::1]:70000/", "http://a:100000000000000000000/"]
        {
            let Ok(uri) = uri.parse::<Uri>() else { continue };
            let error = Key::of(&uri).unwrap_err();
            assert!(error.is_user() && error.to_string().contains("port"), "{uri}: {error:?}");
        }
        for (uri, port) in
            [("http://a/", 80), ("http://a:/", 80), ("https://a:/", 443), ("http://[::1]:65535/", 65535)]
        {
            assert_eq!(Key::of(&uri.parse().unwrap()).unwrap().port(), port, "{uri}");
        }
        for authority in ["a:+80", "a:8o", "a:99999", "u@a:99999", "[::1]:+1"] {
            assert!(
                !authority.parse::<Authority>().is_ok_and(|authority| has_port(&authority)),
                "{authority}"
            );
        }
        assert!(has_port(&"user:99999@a:80".parse().unwrap()));
    }
}
