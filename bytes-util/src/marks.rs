//! Which bytes of a block are of a class, as bits.
//!
//! A parser of lines looks for few different bytes and finds one every dozen. With a bit for each byte of a block, all of
//! them are found at once, and the next one is a shift and a count of zeros away.
//!
//! ```
//! use minato_bytes_util::marks::{controls, equal};
//!
//! let mut block = [b' '; 64];
//! block[..14].copy_from_slice(b"host: a\r\nte: b");
//! assert_eq!(equal(&block, b':'), 1 << 4 | 1 << 11);
//! assert_eq!(controls(&block).trailing_zeros(), 7);
//! ```
//!
//! # Safety
//!
//! 1. The functions that use SSE2 are there only where what the program runs on has it: kernels are x86-64 without.

#![allow(unsafe_code, reason = "instructions on vectors; see the header")]

/// Bytes of a block: as many as a word has bits.
pub const BLOCK: usize = u64::BITS as usize;

/// Those that are `byte`. The first byte is the lowest bit.
#[inline]
#[must_use]
pub fn equal(block: &[u8; BLOCK], byte: u8) -> u64 {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))]
    // SAFETY: (1).
    return unsafe { sse2::equal(block, byte) };
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", not(miri))))]
    words::equal(block, byte)
}

/// Those that are control characters of ASCII: below the space, or 0x7f. The first byte is the lowest bit.
#[inline]
#[must_use]
pub fn controls(block: &[u8; BLOCK]) -> u64 {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))]
    // SAFETY: (1).
    return unsafe { sse2::controls(block) };
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", not(miri))))]
    words::controls(block)
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))]
mod sse2 {
    use core::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8,
    };

    use super::BLOCK;

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn equal(block: &[u8; BLOCK], byte: u8) -> u64 {
        let sought = _mm_set1_epi8(byte.cast_signed());
        mark(block, |bytes| _mm_cmpeq_epi8(bytes, sought))
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn controls(block: &[u8; BLOCK]) -> u64 {
        let (last, delete) = (_mm_set1_epi8(0x1f), _mm_set1_epi8(0x7f));
        mark(block, |bytes| {
            let is_low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last), bytes);
            _mm_or_si128(is_low, _mm_cmpeq_epi8(bytes, delete))
        })
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn mark(block: &[u8; BLOCK], class: impl Fn(__m128i) -> __m128i) -> u64 {
        let (quarters, _) = block.as_chunks::<16>();
        quarters.iter().enumerate().fold(0, |marks, (at, bytes)| {
            let bytes = i128::from_le_bytes(*bytes);
            #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
            let bytes = _mm_set_epi64x((bytes >> 64) as i64, bytes as i64);
            marks | u64::from(_mm_movemask_epi8(class(bytes)).cast_unsigned()) << (16 * at)
        })
    }
}

#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))))]
mod words {
    use super::BLOCK;

    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const LOW: u64 = ONES * 0x7f;

    pub(super) fn equal(block: &[u8; BLOCK], byte: u8) -> u64 {
        mark(block, |word| zeros(word ^ (ONES * u64::from(byte))))
    }

    pub(super) fn controls(block: &[u8; BLOCK]) -> u64 {
        mark(block, |word| zeros(word & (ONES * 0xe0)) | zeros(word ^ LOW))
    }

    /// The high bits of the bytes that are zero.
    fn zeros(word: u64) -> u64 {
        !(((word & LOW) + LOW) | word | LOW)
    }

    fn mark(block: &[u8; BLOCK], class: impl Fn(u64) -> u64) -> u64 {
        let (words, _) = block.as_chunks::<8>();
        words.iter().enumerate().fold(0, |marks, (at, word)| {
            // The product gathers the high bits of all bytes in the highest byte.
            let high = class(u64::from_le_bytes(*word)) >> 7;
            marks | (high.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(block: &[u8; BLOCK], is_sought: impl Fn(u8) -> bool) -> u64 {
        (0..BLOCK).filter(|&at| is_sought(block[at])).fold(0, |marks, at| marks | 1 << at)
    }

    #[test]
    fn each_byte_is_marked_for_itself_wherever_it_stands() {
        let mut state = 0x5eed_u64;
        for round in 0..4096 {
            let block: [u8; BLOCK] = core::array::from_fn(|at| {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                match round % 3 {
                    // All bytes at all places, noise, and noise of few bytes, so that neighbours are marked too.
                    0 => (round / 3 + at) as u8,
                    1 => (state >> 56) as u8,
                    _ => b"\0\x1f\x20\x7e\x7f\x80\xff:\r\n"[(state >> 40) as usize % 10],
                }
            });
            let expected = naive(&block, |byte| byte < 0x20 || byte == 0x7f);
            assert_eq!((controls(&block), words::controls(&block)), (expected, expected), "{block:?}");
            for byte in [b':', 0, 0x7f, 0xff] {
                let expected = naive(&block, |other| other == byte);
                assert_eq!((equal(&block, byte), words::equal(&block, byte)), (expected, expected));
            }
        }
    }
}
