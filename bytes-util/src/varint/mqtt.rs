//! The variable byte integers of MQTT: [`leb128`] of at most four bytes.
//!
//! MQTT 5 §1.5.5: a value is encoded in as few bytes as it needs, which is checked.

use bytes::BufMut;

use super::{VarintError, leb128};

/// The largest number that can be encoded.
pub const MAX: u32 = (1 << 28) - 1;

/// The length of the longest encoding.
pub const LEN_MAX: usize = 4;

/// Appends the encoding of `value` and answers its length.
///
/// # Errors
///
/// [`VarintError::Overflow`] above [`MAX`]; nothing is appended then.
///
/// # Panics
///
/// If the buffer has no room.
pub fn put(buf: &mut (impl BufMut + ?Sized), value: u32) -> Result<usize, VarintError> {
    if value > MAX {
        return Err(VarintError::Overflow);
    }
    Ok(leb128::put(buf, value))
}

/// Reads a number at the start of `input`, and answers it with its length; `None` where the input ends too early.
///
/// # Errors
///
/// [`VarintError::Overflow`] where a fifth byte would follow, [`VarintError::Overlong`] where fewer would do.
pub fn decode(input: &[u8]) -> Result<Option<(u32, usize)>, VarintError> {
    let longest = &input[..input.len().min(LEN_MAX)];
    match leb128::decode(longest)? {
        None if longest.len() == LEN_MAX => Err(VarintError::Overflow),
        decoded => Ok(decoded),
    }
}
