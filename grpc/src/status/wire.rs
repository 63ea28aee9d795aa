//! A status in header fields.

use base64::Engine;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Code, Status, percent};
use crate::Metadata;
use crate::metadata::{BASE64_EMIT, decode_binary};

/// The field of the code.
pub(crate) const STATUS: HeaderName = HeaderName::from_static("grpc-status");
/// The field of the message.
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
/// The field of the details.
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// Writes `status`, with its metadata, into `fields`. What the fields said about a status before is replaced.
pub(crate) fn write(status: &Status, fields: &mut HeaderMap) {
    for (name, value) in status.metadata().as_headers() {
        fields.append(name, value.clone());
    }
    // An error that claims to be OK would be a call without an outcome.
    let code = if status.code() == Code::Ok { Code::Unknown } else { status.code() };
    fields.insert(STATUS, HeaderValue::from_static(code.to_wire()));
    fields.remove(MESSAGE);
    fields.remove(DETAILS);
    if !status.message().is_empty() {
        fields.insert(MESSAGE, percent::encode(status.message()));
    }
    if !status.details().is_empty()
        && let Ok(details) = HeaderValue::try_from(BASE64_EMIT.encode(status.details()))
    {
        fields.insert(DETAILS, details);
    }
}

/// Takes the outcome of the call out of `fields`: `None` where they do not say it.
pub(crate) fn read(fields: &mut HeaderMap) -> Option<Result<(), Status>> {
    let code = Code::from_wire(fields.remove(STATUS)?.as_bytes());
    let message = fields.remove(MESSAGE).map(|message| percent::decode(message.as_bytes()));
    let details = fields.remove(DETAILS).and_then(|details| decode_binary(details.as_bytes()));
    if code == Code::Ok {
        return Some(Ok(()));
    }
    let status = Status::new(code, message.unwrap_or_default())
        .with_details(details.unwrap_or_else(Bytes::new))
        .with_metadata(Metadata::from_headers(std::mem::take(fields)));
    Some(Err(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_survives_the_wire() {
        let mut metadata = Metadata::new();
        metadata.append("why", "because").unwrap();
        let status = Status::aborted("lost ☺").with_details(&b"\xff\x01"[..]).with_metadata(metadata);
        let mut fields = HeaderMap::new();
        write(&status, &mut fields);
        assert_eq!(fields[DETAILS], "/wE");
        let read = read(&mut fields).unwrap().unwrap_err();
        assert_eq!((read.code(), read.message()), (Code::Aborted, "lost ☺"));
        assert_eq!(read.details(), &b"\xff\x01"[..]);
        assert_eq!(read.metadata().get("why"), Some("because"));
    }

    #[test]
    fn there_is_exactly_one_status() {
        let mut metadata = HeaderMap::new();
        metadata.append(STATUS, HeaderValue::from_static("0"));
        metadata.append(MESSAGE, HeaderValue::from_static("forged"));
        let status = Status::internal("").with_metadata(Metadata::from_headers(metadata));
        let mut fields = HeaderMap::new();
        write(&status, &mut fields);
        assert_eq!(fields.get_all(STATUS).iter().collect::<Vec<_>>(), ["13"]);
        assert!(!fields.contains_key(MESSAGE));
    }

    #[test]
    fn an_error_never_reads_ok() {
        let mut fields = HeaderMap::new();
        write(&Status::new(Code::Ok, "confused"), &mut fields);
        assert_eq!(fields[STATUS], "2");
    }

    #[test]
    fn no_status_field_is_no_outcome() {
        assert!(read(&mut HeaderMap::new()).is_none());
    }
}
