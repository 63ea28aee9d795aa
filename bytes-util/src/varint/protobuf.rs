//! The varints of Protobuf: [`leb128`](super::leb128) of 64 bits, of which longer forms are taken too.
//!
//! Encoders pad them to reserve room for a length, so whoever reads must take what is longer than need be. To write, use
//! [`leb128::put`](super::leb128::put); negative numbers of `int32` and `int64` are their two's complement in 64 bits,
//! those of `sint32` and `sint64` are [`zigzag`](super::zigzag).

use super::VarintError;

/// The length of the longest encoding.
pub const LEN_MAX: usize = 10;

/// Reads a number at the start of `input`, and answers it with its length; `None` where the input ends too early.
///
/// # Errors
///
/// [`VarintError::Overflow`] for more than ten bytes, or more than 64 bits.
pub fn decode(input: &[u8]) -> Result<Option<(u64, usize)>, VarintError> {
    let mut value = 0;
    for (index, &byte) in input.iter().enumerate().take(LEN_MAX) {
        if index == LEN_MAX - 1 && byte > 1 {
            return Err(VarintError::Overflow);
        }
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Ok(Some((value, index + 1)));
        }
    }
    Ok(None)
}
