//! What HTTP must say for a request to be a call.

use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};

use crate::clock::{Deadline, Instant};
use crate::{Status, timeout};

/// Why a request is not a call.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It is answered as HTTP: it does not speak gRPC.
    Http(StatusCode),
    /// It is answered as gRPC.
    Grpc(Status),
}

/// Whether the content type is gRPC's: `application/grpc`, alone or with a suffix or a parameter.
pub(super) fn is_grpc(fields: &HeaderMap) -> bool {
    let Some(value) = fields.get(header::CONTENT_TYPE) else { return false };
    match value.as_bytes().strip_prefix(b"application/grpc") {
        Some([]) => true,
        // What cannot be decoded is not accepted: the messages are Protobuf.
        Some([b'+', suffix @ ..]) => suffix.split(|&byte| byte == b';').next() == Some(b"proto"),
        Some([b';', ..]) => true,
        Some(_) | None => false,
    }
}

/// The deadline of a call, if it has one, or why the request is none.
pub(super) fn check(
    parts: &Parts,
    timeout_max: Option<std::time::Duration>,
) -> Result<Option<Instant>, Refusal> {
    if parts.method != Method::POST {
        return Err(Refusal::Http(StatusCode::METHOD_NOT_ALLOWED));
    }
    if !is_grpc(&parts.headers) {
        return Err(Refusal::Http(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let asked = match parts.headers.get(timeout::TIMEOUT) {
        None => None,
        Some(value) => {
            let malformed = || Refusal::Grpc(Status::internal("the grpc-timeout field is malformed"));
            Some(timeout::parse(value.as_bytes()).ok_or_else(malformed)?)
        }
    };
    let timeout = match (asked, timeout_max) {
        (Some(asked), Some(max)) => Some(asked.min(max)),
        (asked, max) => asked.or(max),
    };
    Ok(timeout.map(Deadline::after))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn content_types_are_told_apart() {
        let table = [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("application/grpc+proto;charset=utf-8", true),
            ("application/grpc;charset=utf-8", true),
            ("application/grpc+foo", false),
            ("application/grpc+json", false),
            ("application/grpc-web", false),
            ("application/grpcfoo", false),
            ("text/plain", false),
            ("", false),
        ];
        for (content_type, expected) in table {
            let mut fields = HeaderMap::new();
            fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
            assert_eq!(is_grpc(&fields), expected, "{content_type}");
        }
        assert!(!is_grpc(&HeaderMap::new()));
    }
}
