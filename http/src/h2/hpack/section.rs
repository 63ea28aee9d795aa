//! What a block said, and whether it makes a request, a response or trailers.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::uri::{self, Authority, PathAndQuery, Scheme, Uri};
use http::{Method, StatusCode};

use super::OVERHEAD_BYTES;
use super::field::Field;
use crate::buffers;

/// How large a section may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FieldLimits {
    /// Bytes of all names and values, and 32 for each field (RFC 9113 §6.5.2).
    pub(crate) list_bytes: usize,
    /// Fields.
    pub(crate) fields: usize,
}

/// What a block said.
#[derive(Debug, Default)]
pub(crate) struct Section {
    pub(crate) method: Option<Method>,
    pub(crate) scheme: Option<Scheme>,
    pub(crate) authority: Option<Authority>,
    pub(crate) path: Option<PathAndQuery>,
    pub(crate) protocol: Option<Bytes>,
    pub(crate) status: Option<StatusCode>,
    pub(crate) headers: HeaderMap,
    pub(crate) content_length: Option<u64>,
    /// It says something that no message may say (RFC 9113 §8.2, §8.3).
    pub(crate) is_malformed: bool,
    /// It is larger than we take; what was too much is not in it.
    pub(crate) is_too_large: bool,
    /// Bytes and fields that may still come.
    bytes_left: usize,
    fields_left: usize,
    cookies: Cookies,
    has_host: bool,
}

/// The `cookie` fields of a section, of which HTTP/2 may make many (RFC 9113 §8.2.3).
#[derive(Debug, Default)]
enum Cookies {
    #[default]
    None,
    One(HeaderValue),
    /// Joined, and whether one of them is secret.
    Many(Vec<u8>, bool),
}

/// A request head.
#[derive(Debug)]
pub(crate) struct RequestHead {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    /// What an extended CONNECT asks for (RFC 8441).
    pub(crate) protocol: Option<Bytes>,
    pub(crate) content_length: Option<u64>,
}

/// A response head.
#[derive(Debug)]
pub(crate) struct ResponseHead {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) content_length: Option<u64>,
}

impl Section {
    pub(super) fn new(limits: &FieldLimits) -> Self {
        Self {
            headers: buffers::take_headers(),
            bytes_left: limits.list_bytes,
            fields_left: limits.fields,
            ..Self::default()
        }
    }

    /// Adds a field that a table keeps, whose name and value are so long.
    #[inline]
    pub(super) fn add(&mut self, field: &Field, len: usize) {
        match field {
            Field::Usual(name, value) => {
                if self.count_bytes(len) && self.count_field() {
                    self.headers.append(name, value.clone());
                }
            }
            _ => self.take(len, || field.clone()),
        }
    }

    /// Adds a field, whose name and value are so long. It is not made if it is too much.
    #[inline]
    pub(super) fn take(&mut self, len: usize, field: impl FnOnce() -> Field) {
        if self.count_bytes(len) {
            let is_good = self.put(field());
            self.is_malformed |= !is_good;
        }
    }

    /// Takes a field in; answers whether a message may have it here.
    fn put(&mut self, field: Field) -> bool {
        match field {
            Field::Usual(name, value) => self.append(name, value),
            Field::Method(method) => self.is_pseudo_due() && set(&mut self.method, method),
            Field::Path(path) => self.is_pseudo_due() && set(&mut self.path, path),
            Field::Scheme(scheme) => self.is_pseudo_due() && set(&mut self.scheme, scheme),
            Field::Authority(authority) => self.is_pseudo_due() && set(&mut self.authority, authority),
            Field::Status(status) => self.is_pseudo_due() && set(&mut self.status, status),
            Field::Protocol(protocol) => self.is_pseudo_due() && set(&mut self.protocol, protocol),
            Field::ContentLength(length, value) => self.set_content_length(length, value),
            Field::Cookie(value) => self.add_cookie(value),
            Field::Te(value) => self.append(header::TE, value),
            // RFC 9110 §7.2: there is one host.
            Field::Host(value) => {
                !std::mem::replace(&mut self.has_host, true) && self.append(header::HOST, value)
            }
            Field::Malformed(_) => false,
        }
    }

    /// To be called when all fields have been added.
    #[inline]
    pub(super) fn finish(&mut self) {
        let value = match std::mem::take(&mut self.cookies) {
            Cookies::None => return,
            Cookies::One(value) => Some(value),
            Cookies::Many(joined, is_secret) => {
                let mut value = HeaderValue::from_maybe_shared(Bytes::from(joined)).ok();
                value.iter_mut().for_each(|value| value.set_sensitive(is_secret));
                value
            }
        };
        self.headers.extend(value.map(|value| (header::COOKIE, value)));
    }

    /// Whether there was a pseudo field; there are none in trailers (RFC 9113 §8.1).
    pub(crate) fn has_pseudo(&self) -> bool {
        self.has_request_pseudo() || self.status.is_some()
    }

    fn has_request_pseudo(&self) -> bool {
        self.method.is_some()
            || self.scheme.is_some()
            || self.authority.is_some()
            || self.path.is_some()
            || self.protocol.is_some()
    }

    // RFC 9113 §8.3: pseudo fields come before all others.
    fn is_pseudo_due(&self) -> bool {
        self.headers.is_empty() && matches!(self.cookies, Cookies::None)
    }

    /// Whether a field whose name and value are so long may come.
    #[inline]
    fn count_bytes(&mut self, len: usize) -> bool {
        match self.bytes_left.checked_sub(len + OVERHEAD_BYTES) {
            Some(left) if !self.is_too_large => self.bytes_left = left,
            _ => self.is_too_large = true,
        }
        !self.is_too_large
    }

    /// Whether one more field may come.
    fn count_field(&mut self) -> bool {
        match self.fields_left.checked_sub(1) {
            Some(left) => self.fields_left = left,
            None => self.is_too_large = true,
        }
        !self.is_too_large
    }

    fn append(&mut self, name: header::HeaderName, value: HeaderValue) -> bool {
        if self.count_field() {
            self.headers.append(name, value);
        }
        true
    }

    // RFC 9110 §8.6: a length that is told again is the same one.
    fn set_content_length(&mut self, length: u64, value: HeaderValue) -> bool {
        match self.content_length {
            None => {
                self.content_length = Some(length);
                self.append(header::CONTENT_LENGTH, value)
            }
            Some(before) => before == length,
        }
    }

    fn add_cookie(&mut self, value: HeaderValue) -> bool {
        if self.count_field() {
            self.cookies = match std::mem::take(&mut self.cookies) {
                Cookies::None => Cookies::One(value),
                Cookies::One(first) => {
                    let is_secret = first.is_sensitive() || value.is_sensitive();
                    Cookies::Many([first.as_bytes(), b"; ", value.as_bytes()].concat(), is_secret)
                }
                Cookies::Many(mut joined, is_secret) => {
                    joined.extend_from_slice(b"; ");
                    joined.extend_from_slice(value.as_bytes());
                    Cookies::Many(joined, is_secret || value.is_sensitive())
                }
            };
        }
        true
    }

    /// The request that this is; `None` if it is malformed (RFC 9113 §8.3.1, §8.5, RFC 8441 §4).
    pub(crate) fn into_request(self) -> Option<RequestHead> {
        let method = self.method?;
        if self.is_malformed || self.status.is_some() {
            return None;
        }
        let mut parts = uri::Parts::default();
        match (method == Method::CONNECT, &self.protocol) {
            (true, None) => {
                // A tunnel has a host and a port, and nothing else.
                let authority = self.authority?;
                if self.scheme.is_some() || self.path.is_some() || authority.port_u16().is_none() {
                    return None;
                }
                parts.authority = Some(authority);
            }
            (false, Some(_)) => return None,
            _ => {
                let (scheme, path) = (self.scheme?, self.path?);
                if path.as_str() == "*" && method != Method::OPTIONS {
                    return None;
                }
                // A scheme without an authority makes no `Uri`.
                parts.scheme = self.authority.is_some().then_some(scheme);
                parts.authority = self.authority;
                parts.path_and_query = Some(path);
            }
        }
        // RFC 9113 §8.3.1: a host that is told twice is the same one.
        if self.has_host
            && let (Some(authority), Some(host)) = (&parts.authority, self.headers.get(header::HOST))
            && !host.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes())
        {
            return None;
        }
        Some(RequestHead {
            method,
            uri: Uri::from_parts(parts).ok()?,
            headers: self.headers,
            protocol: self.protocol,
            content_length: self.content_length,
        })
    }

    /// The response that this is; `None` if it is malformed (RFC 9113 §8.3.2).
    pub(crate) fn into_response(self) -> Option<ResponseHead> {
        // RFC 9113 §8.6: HTTP/2 does not switch protocols.
        let status = self.status.filter(|&status| status != StatusCode::SWITCHING_PROTOCOLS)?;
        match self.is_malformed || self.has_request_pseudo() {
            true => None,
            false => {
                Some(ResponseHead { status, headers: self.headers, content_length: self.content_length })
            }
        }
    }

    /// The trailers that this is; `None` if it is malformed.
    pub(crate) fn into_trailers(self) -> Option<HeaderMap> {
        match self.is_malformed || self.has_pseudo() {
            true => None,
            false => Some(self.headers),
        }
    }
}

/// RFC 9113 §8.3: a pseudo field occurs once.
#[inline]
fn set<T>(place: &mut Option<T>, value: T) -> bool {
    place.replace(value).is_none()
}
