//! What a peer can get wrong.

use std::fmt;
use std::io;

/// Bytes that are not of the protocol, or beyond a limit. The connection is of no use after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A length that is no number, negative, or too large.
    InvalidBulkLength,
    /// A count of parts that is no number, or too large.
    InvalidMultibulkLength,
    /// A part of a request does not begin with `$`.
    ExpectedBulk(u8),
    /// A part does not end with `\r\n`.
    MissingEnd,
    /// A line without end.
    TooBigInline,
    /// A request beyond the limit.
    TooBigRequest,
    /// A frame begins with a byte that means nothing.
    UnknownType(u8),
    /// A number, a boolean or a null that is none.
    InvalidValue,
    /// Arrays in arrays beyond the limit.
    TooDeep,
    /// More values than the limit in one frame.
    TooManyValues,
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidBulkLength => f.write_str("invalid bulk length"),
            Self::InvalidMultibulkLength => f.write_str("invalid multibulk length"),
            Self::ExpectedBulk(byte) => write!(f, "expected '$', got '{}'", byte.escape_ascii()),
            Self::MissingEnd => f.write_str("expected the end of a line"),
            Self::TooBigInline => f.write_str("too big inline request"),
            Self::TooBigRequest => f.write_str("too big request"),
            Self::UnknownType(byte) => write!(f, "unknown type '{}'", byte.escape_ascii()),
            Self::InvalidValue => f.write_str("invalid value"),
            Self::TooDeep => f.write_str("too deeply nested"),
            Self::TooManyValues => f.write_str("too many values"),
        }
    }
}

impl std::error::Error for ProtocolError {}

impl From<ProtocolError> for io::Error {
    fn from(error: ProtocolError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}
