//! What can be wrong with a read or a write of bits.

use core::fmt;

/// A read or a write that could not be done, and was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BitError {
    /// Bits that were read or written before.
    pub position: u64,
    /// What was wrong.
    pub kind: BitErrorKind,
}

/// What was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BitErrorKind {
    /// The input ends before `wanted` bits.
    Short {
        /// Bits that were wanted.
        wanted: u64,
        /// Bits that were there.
        available: u64,
    },
    /// The output has no room for the bits.
    Full,
    /// More than 64 bits were to be one number.
    Width {
        /// Bits that were asked for.
        width: u32,
    },
    /// The number does not fit into as many bits.
    Value {
        /// Bits it was to be written in.
        width: u32,
    },
    /// Whole bytes were asked for within a byte.
    Unaligned,
}

impl fmt::Display for BitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let position = self.position;
        match self.kind {
            BitErrorKind::Short { wanted, available } => {
                write!(f, "wanted {wanted} bits at bit {position}, there are {available}")
            }
            BitErrorKind::Full => write!(f, "no room at bit {position}"),
            BitErrorKind::Width { width } => write!(f, "a number of {width} bits at bit {position}"),
            BitErrorKind::Value { width } => {
                write!(f, "a number that does not fit into {width} bits at bit {position}")
            }
            BitErrorKind::Unaligned => write!(f, "bit {position} does not begin a byte"),
        }
    }
}

impl core::error::Error for BitError {}
