//! Numbers of variable length.
//!
//! - [`leb128`]: seven bits per byte, least significant first, as in Protobuf, WebAssembly and many more;
//! - [`zigzag`]: signed numbers as unsigned ones, so that small negative numbers stay short;
//! - [`quic`]: two bits of length before the number (RFC 9000, section 16);
//! - [`mqtt`], [`protobuf`], [`sqlite`]: as those do it, with what each of them takes and refuses;
//! - [`prefix`]: the length in the zeros that the first byte ends with.
//!
//! Decoders take a slice and answer the number with its length, `None` where the input ends too early, and an error
//! where it is wrong whatever follows. None of them panics or reads beyond the longest encoding.
//!
//! ```
//! use minato_bytes_util::varint::{leb128, quic, zigzag};
//!
//! let mut buf = Vec::new();
//! leb128::put(&mut buf, 300_u64);
//! leb128::put(&mut buf, zigzag::encode(-2_i64));
//! assert_eq!(buf, [0xac, 0x02, 0x03]);
//! assert_eq!(leb128::decode::<u64>(&buf)?, Some((300, 2)));
//! assert_eq!(leb128::decode::<u64>(&buf[..1])?, None);
//! assert!(leb128::decode::<u64>(&[0x80, 0x00]).is_err());
//! assert_eq!(quic::decode(&[0x40, 0x25]), Some((37, 2)));
//! # Ok::<(), minato_bytes_util::varint::VarintError>(())
//! ```

pub mod leb128;
pub mod mqtt;
pub mod prefix;
pub mod protobuf;
pub mod quic;
pub mod sqlite;
pub mod zigzag;

use core::fmt;

/// Why bytes are not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VarintError {
    /// The input ends within the number.
    Truncated,
    /// The number does not fit its type.
    Overflow,
    /// The number has a shorter encoding.
    Overlong,
}

impl fmt::Display for VarintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the input ends within a number",
            Self::Overflow => "a number is too large for its type",
            Self::Overlong => "a number is encoded longer than need be",
        })
    }
}

impl core::error::Error for VarintError {}
