//! Numbers whose first byte says how long they are, in the zeros it ends with; the least significant bytes come first.
//!
//! Up to eight bytes carry seven bits each, behind as many zeros and a one as there are bytes; a first byte of zero is
//! followed by all 64 bits. No byte has to be looked at to find the next number but the first: this is the quickest form
//! to read and to skip where both sides are one's own.

use bytes::BufMut;

use super::VarintError;

/// The length of the longest encoding.
pub const LEN_MAX: usize = 9;

/// The length of the encoding of `value`.
#[must_use]
pub const fn encoded_len(value: u64) -> usize {
    let bits = u64::BITS - (value | 1).leading_zeros();
    if bits > 56 { LEN_MAX } else { bits.div_ceil(7) as usize }
}

/// The length of the encoding that begins with `first`.
#[must_use]
pub const fn announced_len(first: u8) -> usize {
    first.trailing_zeros() as usize + 1
}

/// Appends the encoding of `value` and answers its length.
///
/// # Panics
///
/// If the buffer has no room.
pub fn put(buf: &mut (impl BufMut + ?Sized), value: u64) -> usize {
    let len = encoded_len(value);
    if len == LEN_MAX {
        buf.put_u8(0);
        buf.put_u64_le(value);
    } else {
        let word = value << len | 1 << (len - 1);
        buf.put_slice(&word.to_le_bytes()[..len]);
    }
    len
}

/// Reads a number at the start of `input`, and answers it with its length; `None` where the input ends too early.
///
/// # Errors
///
/// [`VarintError::Overlong`] where fewer bytes would do.
pub fn decode(input: &[u8]) -> Result<Option<(u64, usize)>, VarintError> {
    let Some(&first) = input.first() else { return Ok(None) };
    let len = announced_len(first);
    let Some(encoded) = input.get(..len) else { return Ok(None) };
    // The ninth byte is the last of a word that begins behind the first.
    let (bytes, shift) = if len == LEN_MAX { (&encoded[1..], 0) } else { (encoded, len) };
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    let value = u64::from_le_bytes(word) >> shift;
    if encoded_len(value) < len { Err(VarintError::Overlong) } else { Ok(Some((value, len))) }
}
