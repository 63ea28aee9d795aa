//! What can be wrong with a length.

use core::fmt;

/// Why a length is not allowed.
///
/// The `Decoder` and the `Encoder` give it inside a `std::io::Error`, of kind `InvalidData` where a peer is at fault and
/// `InvalidInput` where the caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LengthDelimitedCodecError {
    /// A peer announced a frame beyond the limit.
    FrameTooLong {
        /// The announced length.
        announced: u64,
        /// The limit.
        max: usize,
    },
    /// The announced length, adjusted as configured, is negative or beyond what memory can address, or makes a frame
    /// that takes no bytes at all.
    AdjustedOutOfRange {
        /// The announced length.
        announced: u64,
    },
    /// The payload to be encoded is beyond the limit, or the field cannot tell its length.
    PayloadLength {
        /// The length of the payload.
        len: usize,
    },
}

impl fmt::Display for LengthDelimitedCodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FrameTooLong { announced, max } => {
                write!(f, "frame size too big: {announced} bytes announced, {max} allowed")
            }
            Self::AdjustedOutOfRange { announced } => {
                write!(f, "announced length {announced} is out of range after adjustment")
            }
            Self::PayloadLength { len } => {
                write!(f, "a payload of {len} bytes is beyond the limit or the length field")
            }
        }
    }
}

impl core::error::Error for LengthDelimitedCodecError {}

#[cfg(feature = "std")]
impl From<LengthDelimitedCodecError> for std::io::Error {
    fn from(error: LengthDelimitedCodecError) -> Self {
        use std::io::ErrorKind;
        let kind = match error {
            LengthDelimitedCodecError::FrameTooLong { .. }
            | LengthDelimitedCodecError::AdjustedOutOfRange { .. } => ErrorKind::InvalidData,
            LengthDelimitedCodecError::PayloadLength { .. } => ErrorKind::InvalidInput,
        };
        Self::new(kind, error)
    }
}
