//! Eight bytes at a time.
//!
//! A test of a word answers with the high bit of the lowest byte it is about set, and none below that one; bits above
//! it tell nothing. So several tests may be joined by `|`, and the first byte that any of them is about is still told.

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH: u64 = ONES * 0x80;

/// What stands behind the last byte there is: no test is about it.
const FILL: u8 = b'a';

/// Bytes that are `sought`.
pub(super) const fn places(word: u64, sought: u8) -> u64 {
    let differs = word ^ (ONES * sought as u64);
    differs.wrapping_sub(ONES) & !differs & HIGH
}

/// ASCII bytes less than `bound`, which is at most 0x80.
pub(super) const fn below(word: u64, bound: u8) -> u64 {
    word.wrapping_sub(ONES * bound as u64) & !word & HIGH
}

/// Bytes that cannot stand in a request target; see [`is_target_byte`](super::target::is_target_byte).
pub(super) const fn not_target(word: u64) -> u64 {
    below(word, 0x21) | places(word, b'#') | places(word, 0x7f) | word & HIGH
}

/// The same with letters in lower case. Of other bytes, those from `@` to `_` become others that are no letters; all
/// that stand below `@`, such as the hyphen, stay as they are.
pub(super) const fn lower_case(word: u64) -> u64 {
    word | (word & (ONES * 0x40)) >> 1
}

/// The first eight bytes, the first in the lowest place, and what is behind them; `None` if there is no byte at all.
pub(super) fn split(bytes: &[u8]) -> Option<(u64, &[u8])> {
    match bytes.split_first_chunk() {
        Some((word, rest)) => Some((u64::from_le_bytes(*word), rest)),
        None => last(bytes),
    }
}

#[cold]
fn last(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut word = [FILL; 8];
    for (into, byte) in word.iter_mut().zip(bytes) {
        *into = *byte;
    }
    if bytes.is_empty() { None } else { Some((u64::from_le_bytes(word), &[])) }
}

/// Where the first byte is that the test is about.
pub(super) fn find(bytes: &[u8], test: impl Fn(u64) -> u64) -> Option<usize> {
    let mut at = 0;
    let mut rest = bytes;
    loop {
        let (word, behind) = split(rest)?;
        let found = test(word);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
        rest = behind;
    }
}

/// The words of a text that fits into them, with zeros behind it.
pub(super) const fn of<const WORDS: usize>(text: &[u8]) -> [u64; WORDS] {
    let mut words = [0; WORDS];
    let mut at = 0;
    while at < text.len() {
        words[at / 8] |= (text[at] as u64) << (8 * (at % 8));
        at += 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::super::target::is_target_byte;
    use super::*;

    #[test]
    fn the_first_byte_of_a_class_is_found_whatever_stands_around_it() {
        let mut seed = 0x5eed_u64;
        for round in 0..200_000_usize {
            let mut bytes = [0; 27];
            for byte in &mut bytes {
                seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                // Mostly letters, so that some words have no byte of the class.
                *byte = if seed >> 60 < 13 { b'a' + (seed >> 40) as u8 % 26 } else { (seed >> 48) as u8 };
            }
            let bytes = &bytes[..round % 27];
            let first = |is_sought: fn(u8) -> bool| bytes.iter().position(|&byte| is_sought(byte));
            let control = find(bytes, |word| below(word, 0x20) | places(word, 0x7f));
            assert_eq!(control, first(|byte| byte < 0x20 || byte == 0x7f), "{bytes:?}");
            assert_eq!(find(bytes, not_target), first(|byte| !is_target_byte(byte)), "{bytes:?}");
            assert_eq!(find(bytes, |word| places(word, b':')), first(|byte| byte == b':'), "{bytes:?}");
        }
    }

    #[test]
    fn only_letters_become_the_letters_of_a_name() {
        for byte in 0..=u8::MAX {
            let [lower, ..] = lower_case(u64::from(byte)).to_le_bytes();
            match byte {
                b'A'..=b'Z' => assert_eq!(lower, byte.to_ascii_lowercase()),
                // What names are made of is made of nothing else.
                _ if lower.is_ascii_lowercase() || lower.is_ascii_digit() || lower == b'-' => {
                    assert_eq!(lower, byte);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn a_text_has_the_words_that_are_read_of_it() {
        let text = b"proxy-authorization";
        let word = |bytes| split(bytes).unwrap().0;
        let read = [word(text), word(&text[8..]), word(&text[16..]) & 0xff_ffff, 0];
        assert_eq!(of::<4>(text), read);
    }
}
