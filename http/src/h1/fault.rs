//! The ways a peer can break HTTP/1, one name each.

use std::fmt;

use http::StatusCode;

use crate::server::Violation;

/// A rule of HTTP/1 that a peer's bytes broke, or a limit they passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    LineEnd,
    Method,
    MethodTooLong,
    Target,
    TargetTooLong,
    Version,
    VersionUnsupported,
    Status,
    FieldName,
    FieldValue,
    HeadTooLong,
    TooManyFields,
    Host,
    ContentLength,
    TransferCoding,
    TransferCodingUnsupported,
    FramedTwice,
    Expectation,
    ChunkSize,
    ChunkExtension,
    ChunkExtensionTooLong,
    ChunkEnd,
    TrailerTooLong,
    Truncated,
}

impl Fault {
    /// The answer a server gives to it.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadTooLong | Self::TooManyFields | Self::TrailerTooLong => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
            Self::MethodTooLong | Self::TransferCodingUnsupported => StatusCode::NOT_IMPLEMENTED,
            Self::VersionUnsupported => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::Expectation => StatusCode::EXPECTATION_FAILED,
            Self::LineEnd
            | Self::Method
            | Self::Target
            | Self::Version
            | Self::Status
            | Self::FieldName
            | Self::FieldValue
            | Self::Host
            | Self::ContentLength
            | Self::TransferCoding
            | Self::FramedTwice
            | Self::ChunkSize
            | Self::ChunkExtension
            | Self::ChunkExtensionTooLong
            | Self::ChunkEnd
            | Self::Truncated => StatusCode::BAD_REQUEST,
        }
    }
}

impl Fault {
    /// What a server counts it as.
    pub(crate) fn violation(self) -> Violation {
        match self {
            Self::LineEnd
            | Self::Method
            | Self::Target
            | Self::Version
            | Self::Status
            | Self::FieldName
            | Self::FieldValue => Violation::Syntax,
            Self::Host => Violation::Host,
            Self::ContentLength | Self::TransferCoding | Self::FramedTwice => Violation::Framing,
            Self::ChunkSize | Self::ChunkExtension | Self::ChunkExtensionTooLong | Self::ChunkEnd => {
                Violation::Chunk
            }
            Self::Truncated => Violation::Truncated,
            Self::MethodTooLong
            | Self::VersionUnsupported
            | Self::TransferCodingUnsupported
            | Self::Expectation => Violation::Unsupported,
            Self::TargetTooLong | Self::HeadTooLong | Self::TooManyFields | Self::TrailerTooLong => {
                Violation::HeadLimit
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LineEnd => "a line does not end with CR LF",
            Self::Method => "the method is not a token",
            Self::MethodTooLong => "the method is too long",
            Self::Target => "the request target is malformed",
            Self::TargetTooLong => "the request target is too long",
            Self::Version => "the version is malformed",
            Self::VersionUnsupported => "the version is not supported",
            Self::Status => "the status is malformed",
            Self::FieldName => "a field name is malformed",
            Self::FieldValue => "a field value is malformed",
            Self::HeadTooLong => "the head is too long",
            Self::TooManyFields => "the head has too many fields",
            Self::Host => "the host is missing, repeated or malformed",
            Self::ContentLength => "the content-length is malformed or repeated",
            Self::TransferCoding => "the transfer-encoding is malformed",
            Self::TransferCodingUnsupported => "the transfer coding is not supported",
            Self::FramedTwice => "content-length stands beside transfer-encoding",
            Self::Expectation => "the expectation is not supported",
            Self::ChunkSize => "a chunk size is malformed",
            Self::ChunkExtension => "a chunk extension is malformed",
            Self::ChunkExtensionTooLong => "the chunk extensions are too long",
            Self::ChunkEnd => "a chunk does not end with CR LF",
            Self::TrailerTooLong => "the trailer section is too long",
            Self::Truncated => "the body ended early",
        })
    }
}
