//! The status of what HTTP says went wrong.

use http::StatusCode;
use minato_http::{Error, Initiator, Reason, Scope};

use super::{Code, Status};

/// The code of a response that is not 200 and says nothing else (gRPC's `http-grpc-status-mapping.md`).
pub(crate) fn from_http_status(status: StatusCode) -> Status {
    let code = match status.as_u16() {
        400 | 431 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502 | 503 | 504 => Code::Unavailable,
        _ => Code::Unknown,
    };
    Status::new(code, format!("the server answered with HTTP status {status}"))
}

/// The code of a stream that was reset (gRPC over HTTP/2, "Errors").
fn code_of_reset(reason: Reason) -> Code {
    match reason {
        Reason::CANCEL => Code::Cancelled,
        Reason::REFUSED_STREAM => Code::Unavailable,
        Reason::ENHANCE_YOUR_CALM => Code::ResourceExhausted,
        Reason::INADEQUATE_SECURITY => Code::PermissionDenied,
        Reason::NO_ERROR
        | Reason::PROTOCOL_ERROR
        | Reason::INTERNAL_ERROR
        | Reason::FLOW_CONTROL_ERROR
        | Reason::SETTINGS_TIMEOUT
        | Reason::FRAME_SIZE_ERROR
        | Reason::COMPRESSION_ERROR
        | Reason::CONNECT_ERROR => Code::Internal,
        _ => Code::Unknown,
    }
}

/// The status of an exchange that failed.
pub(crate) fn from_http_error(error: Error) -> Status {
    let code = match error.h2_reason() {
        Some(reset) if reset.scope == Scope::Connection && reset.initiator == Initiator::Remote => {
            Code::Unavailable
        }
        Some(reset) => code_of_reset(reset.reason),
        None if error.is_connect() || error.is_closed() || error.is_timeout() => Code::Unavailable,
        None if error.is_canceled() => Code::Cancelled,
        None if error.is_body_limit() => Code::ResourceExhausted,
        None if error.is_peer_fault() || error.is_user() => Code::Internal,
        None => Code::Unknown,
    };
    Status::new(code, error.to_string()).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_statuses_map_as_the_document_says() {
        let table = [
            (400, Code::Internal),
            (401, Code::Unauthenticated),
            (403, Code::PermissionDenied),
            (404, Code::Unimplemented),
            (429, Code::Unavailable),
            (431, Code::Internal),
            (502, Code::Unavailable),
            (503, Code::Unavailable),
            (504, Code::Unavailable),
            (302, Code::Unknown),
            (418, Code::Unknown),
            (500, Code::Unknown),
        ];
        for (status, code) in table {
            assert_eq!(from_http_status(StatusCode::from_u16(status).unwrap()).code(), code, "{status}");
        }
    }

    #[test]
    fn resets_map_as_the_document_says() {
        let table = [13, 13, 13, 13, 13, 2, 13, 14, 1, 13, 13, 8, 7];
        for (reason, code) in table.into_iter().enumerate() {
            let status = from_http_error(Error::reset(Reason::from_code(reason as u32)));
            assert_eq!(status.code().number(), code, "reset {reason}");
        }
    }
}
