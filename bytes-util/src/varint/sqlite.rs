//! The varints of SQLite's file format: up to nine bytes, most significant first.
//!
//! Seven bits in each of the first eight bytes, whose top bit says that another follows, and eight in a ninth. As
//! SQLite does, longer forms than need be are taken.

use bytes::BufMut;

/// The length of the longest encoding.
pub const LEN_MAX: usize = 9;

/// The length of the shortest encoding of `value`.
#[must_use]
pub const fn encoded_len(value: u64) -> usize {
    let bits = u64::BITS - (value | 1).leading_zeros();
    if bits > 56 { LEN_MAX } else { bits.div_ceil(7) as usize }
}

/// Appends the shortest encoding of `value` and answers its length.
///
/// # Panics
///
/// If the buffer has no room.
pub fn put(buf: &mut (impl BufMut + ?Sized), value: u64) -> usize {
    let len = encoded_len(value);
    let mut encoded = [0; LEN_MAX];
    let (mut rest, mut last) = (value, 0);
    if len == LEN_MAX {
        encoded[LEN_MAX - 1] = value as u8;
        (rest, last) = (value >> 8, 0x80);
    }
    for byte in encoded[..len.min(LEN_MAX - 1)].iter_mut().rev() {
        *byte = rest as u8 & 0x7f | last;
        (rest, last) = (rest >> 7, 0x80);
    }
    buf.put_slice(&encoded[..len]);
    len
}

/// Reads a number at the start of `input`, and answers it with its length; `None` where the input ends too early.
#[must_use]
pub fn decode(input: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (index, &byte) in input.iter().enumerate().take(LEN_MAX) {
        if index == LEN_MAX - 1 {
            return Some((value << 8 | u64::from(byte), LEN_MAX));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some((value, index + 1));
        }
    }
    None
}
