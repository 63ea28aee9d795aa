//! What gRPC calls look like: how they are told from other requests, and their status.

use http::header::{CONTENT_TYPE, HeaderMap};
use minato_grpc::Code;

const GRPC_STATUS: &str = "grpc-status";

/// Whether a request is a gRPC call: its content type is `application/grpc`, alone or with an encoding or parameters.
pub(super) fn is_call(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.as_bytes().strip_prefix(b"application/grpc"))
        .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// The name of the status in a head or in trailers, where they hold one. A code that is none is `UNKNOWN`.
pub(super) fn status(fields: &HeaderMap) -> Option<&'static str> {
    let number = match *fields.get(GRPC_STATUS)?.as_bytes() {
        [ones @ b'0'..=b'9'] => ones - b'0',
        [b'1', ones @ b'0'..=b'6'] => 10 + ones - b'0',
        _ => return Some(UNKNOWN),
    };
    Some(Code::from_number(i32::from(number)).map_or(UNKNOWN, Code::name))
}

/// Whether the semantic conventions count a status as the failure of the server.
pub(super) fn is_server_error(status: &str) -> bool {
    matches!(
        status,
        "UNKNOWN" | "DEADLINE_EXCEEDED" | "UNIMPLEMENTED" | "INTERNAL" | "UNAVAILABLE" | "DATA_LOSS"
    )
}

pub(super) const CANCELLED: &str = Code::Cancelled.name();
pub(super) const UNKNOWN: &str = Code::Unknown.name();
