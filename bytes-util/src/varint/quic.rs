//! The variable-length integers of QUIC and HTTP/3.
//!
//! RFC 9000 §16: the two most significant bits of the first byte are the base-2 logarithm of the length in bytes; the
//! rest is the number, most significant byte first.

use bytes::{Buf, BufMut};

use super::VarintError;

/// The largest number that can be encoded, 2^62 - 1.
pub const MAX: u64 = (1 << 62) - 1;

/// The length of the longest encoding.
pub const LEN_MAX: usize = 8;

/// The length of the shortest encoding of `value`; `None` above [`MAX`].
#[inline]
#[must_use]
pub const fn encoded_len(value: u64) -> Option<usize> {
    match value {
        0..=0x3f => Some(1),
        0x40..=0x3fff => Some(2),
        0x4000..=0x3fff_ffff => Some(4),
        0x4000_0000..=MAX => Some(8),
        _ => None,
    }
}

/// The length of the encoding that begins with `first`.
#[inline]
#[must_use]
pub const fn announced_len(first: u8) -> usize {
    1 << (first >> 6)
}

/// Appends the shortest encoding of `value` and answers its length.
///
/// # Errors
///
/// [`VarintError::Overflow`] above [`MAX`]; nothing is appended then.
///
/// # Panics
///
/// If the buffer has no room.
pub fn put(buf: &mut (impl BufMut + ?Sized), value: u64) -> Result<usize, VarintError> {
    let len = encoded_len(value).ok_or(VarintError::Overflow)?;
    let prefix = u64::from(len.ilog2()) << 62;
    let word = value << (64 - 8 * len) | prefix;
    buf.put_slice(&word.to_be_bytes()[..len]);
    Ok(len)
}

/// Reads a number at the start of `input`, and answers it with its length; `None` where the input ends too early.
///
/// Any length is taken. RFC 9000 asks for the shortest encoding in frame types only: see [`decode_minimal`].
#[inline]
#[must_use]
pub fn decode(input: &[u8]) -> Option<(u64, usize)> {
    let len = announced_len(*input.first()?);
    let number = input.get(..len)?;
    let word = match input.first_chunk::<8>() {
        Some(word) => u64::from_be_bytes(*word),
        None => {
            let mut word = [0; 8];
            word[..len].copy_from_slice(number);
            u64::from_be_bytes(word)
        }
    };
    Some(((word << 2) >> 2 >> (64 - 8 * len), len))
}

/// Reads a number at the start of `input` that has to be encoded as short as possible.
///
/// # Errors
///
/// [`VarintError::Overlong`] where it is longer.
pub fn decode_minimal(input: &[u8]) -> Result<Option<(u64, usize)>, VarintError> {
    match decode(input) {
        Some((value, len)) if encoded_len(value) != Some(len) => Err(VarintError::Overlong),
        read => Ok(read),
    }
}

/// Takes a number from the start of `buf`, which may be in pieces; takes nothing and answers `None` where it is not
/// all there.
pub fn get(buf: &mut (impl Buf + ?Sized)) -> Option<u64> {
    let first = *buf.chunk().first()?;
    let len = announced_len(first);
    if buf.remaining() < len {
        return None;
    }
    let mut word = [0; 8];
    buf.copy_to_slice(&mut word[..len]);
    decode(&word[..len]).map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn the_examples_of_the_standard() {
        // RFC 9000 §A.1.
        let examples: [(u64, &[u8]); 4] = [
            (151_288_809_941_952_652, &[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c]),
            (494_878_333, &[0x9d, 0x7f, 0x3e, 0x7d]),
            (15_293, &[0x7b, 0xbd]),
            (37, &[0x25]),
        ];
        for (value, encoded) in examples {
            let mut buf = Vec::new();
            assert_eq!(put(&mut buf, value), Ok(encoded.len()));
            assert_eq!(buf, encoded);
            assert_eq!(decode(encoded), Some((value, encoded.len())));
        }
        assert_eq!(decode(&[0x40, 0x25]), Some((37, 2)));
        assert_eq!(decode_minimal(&[0x40, 0x25]), Err(VarintError::Overlong));
    }

    #[test]
    fn every_border_comes_back_and_every_cut_waits() {
        for power in 0..62 {
            for value in [(1_u64 << power) - 1, 1 << power, (1 << power) + 1] {
                let mut buf = Vec::new();
                let len = put(&mut buf, value).unwrap();
                buf.extend_from_slice(b"behind it");
                assert_eq!(decode_minimal(&buf), Ok(Some((value, len))));
                for cut in 0..len {
                    assert_eq!(decode(&buf[..cut]), None);
                }
                let mut pieces = buf[..1].chain(&buf[1..]);
                assert_eq!(get(&mut pieces), Some(value));
                assert_eq!(pieces.remaining(), 9);
                let mut cut = &buf[..len - 1];
                assert_eq!((get(&mut cut), cut.len()), (None, len - 1));
            }
        }
        assert_eq!(put(&mut Vec::new(), MAX + 1), Err(VarintError::Overflow));
    }
}
