//! What HTTP must say for a response to be an answer.

use http::{HeaderMap, StatusCode, header};
use http_body::Body as _;
use minato_http::Body;

use crate::call::{Encoding, Reader};
use crate::status::{self, from_http_status};
use crate::{Metadata, Result, Status};

/// A response as an answer.
pub(super) enum Head {
    /// Messages and a status follow.
    Open(Metadata, Reader),
    /// There is nothing but a status, which is OK: Trailers-Only.
    Ended(Metadata),
}

pub(super) fn read(response: http::Response<Body>, len_max: usize) -> Result<Head> {
    let (parts, body) = response.into_parts();
    let mut fields = parts.headers;
    if parts.status != StatusCode::OK {
        return Err(match status::read(&mut fields) {
            Some(Err(status)) => status,
            Some(Ok(())) | None => from_http_status(parts.status),
        });
    }
    if !is_grpc(&fields) {
        return Err(Status::unknown("the server answered with something other than gRPC"));
    }
    // A status in the head counts only where the head is all there is; else the one in the trailers does.
    if body.is_end_stream() {
        return match status::read(&mut fields) {
            Some(outcome) => outcome.map(|()| Head::Ended(Metadata::from_headers(fields))),
            None => Err(no_status()),
        };
    }
    let encoding = Encoding::of(&fields, Encoding::UnknownToClient);
    let reader = Reader::new(body, encoding, len_max);
    Ok(Head::Open(Metadata::from_headers(fields), reader))
}

pub(super) fn no_status() -> Status {
    Status::unknown("the server ended the call without a status")
}

/// Whether the content type is one whose messages are Protobuf.
fn is_grpc(fields: &HeaderMap) -> bool {
    let Some(value) = fields.get(header::CONTENT_TYPE) else { return false };
    let essence = value.as_bytes().split(|&byte| byte == b';').next().unwrap_or_default();
    matches!(essence.trim_ascii(), b"application/grpc" | b"application/grpc+proto")
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::*;
    use crate::Code;

    type Fields<'a> = &'a [(&'a str, &'a str)];

    fn outcome(status: u16, fields: Fields<'_>) -> Result<Head> {
        let mut response = Response::builder().status(status);
        for (name, value) in fields {
            response = response.header(*name, *value);
        }
        read(response.body(Body::empty()).unwrap(), 100)
    }

    #[test]
    fn heads_map_to_outcomes() {
        let grpc = ("content-type", "application/grpc");
        let table: [(u16, Fields<'_>, Code); 12] = [
            (503, &[("content-type", "text/html")], Code::Unavailable),
            (503, &[grpc, ("grpc-status", "9")], Code::FailedPrecondition),
            (503, &[grpc, ("grpc-status", "0")], Code::Unavailable),
            (404, &[], Code::Unimplemented),
            (200, &[("content-type", "text/html")], Code::Unknown),
            (200, &[("content-type", "application/grpc+json")], Code::Unknown),
            (200, &[], Code::Unknown),
            (200, &[grpc], Code::Unknown),
            (200, &[grpc, ("grpc-status", "9"), ("grpc-message", "no%20way")], Code::FailedPrecondition),
            (200, &[grpc, ("grpc-status", "abc")], Code::Unknown),
            (200, &[grpc, ("grpc-status", "99")], Code::Unknown),
            (200, &[grpc, ("grpc-status", "")], Code::Unknown),
        ];
        for (status, fields, code) in table {
            assert_eq!(
                outcome(status, fields).err().map(|status| status.code()),
                Some(code),
                "{status} {fields:?}"
            );
        }
    }

    #[test]
    fn trailers_only_can_be_ok() {
        let fields = [("content-type", "application/grpc+proto"), ("grpc-status", "0"), ("mine", "1")];
        assert!(
            matches!(outcome(200, &fields), Ok(Head::Ended(trailers)) if trailers.get("mine") == Some("1"))
        );
    }
}
