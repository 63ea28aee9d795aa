//! Integers with a prefix (RFC 7541 §5.1).

use super::CompressionError;

/// LIMIT: bytes behind the prefix, against zeros without end; five hold every length and index there can be.
const MORE_BYTES: u32 = 5;

/// The number whose first byte is `first`, in whose `prefix` lowest bits it begins.
#[inline]
pub(super) fn decode(first: u8, prefix: u32, rest: &mut &[u8]) -> Result<usize, CompressionError> {
    let mask = 0xff >> (8 - prefix);
    match first & mask {
        all if all == mask => decode_more(usize::from(mask), rest),
        value => Ok(usize::from(value)),
    }
}

fn decode_more(prefix: usize, rest: &mut &[u8]) -> Result<usize, CompressionError> {
    let mut value = prefix as u64;
    for i in 0..MORE_BYTES {
        let (&byte, behind) = rest.split_first().ok_or(CompressionError)?;
        *rest = behind;
        value += u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return u32::try_from(value).map(|value| value as usize).map_err(|_| CompressionError);
        }
    }
    Err(CompressionError)
}

/// Appends a number behind the bits of `first` that are not of its prefix.
#[inline]
pub(super) fn encode(value: usize, first: u8, prefix: u32, out: &mut Vec<u8>) {
    let mask = (1 << prefix) - 1;
    if value < mask {
        return out.push(first | value as u8);
    }
    out.push(first | mask as u8);
    let mut left = value - mask;
    while left >= 0x80 {
        out.push(left as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}
