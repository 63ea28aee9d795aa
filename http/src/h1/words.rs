//! Bytes of a class, sought many at a time, and names of fields, compared eight bytes at a time.

use super::target::is_target_byte;

/// A class of bytes.
///
/// Of a word, the class is told by the high bit of the lowest byte that belongs to it, below which no other is set; bits
/// above it tell nothing. So the classes of a word may be joined by `|`, and the first byte of any of them is still told.
pub(super) trait Class {
    fn has(byte: u8) -> bool;

    fn of_word(word: u64) -> u64;
}

/// Control characters of ASCII: the end of a field value, and what cannot stand in one.
pub(super) struct Control;

/// What cannot stand in a request target; see [`is_target_byte`].
pub(super) struct NotTarget;

/// The end of a field name.
pub(super) struct Colon;

impl Class for Control {
    fn has(byte: u8) -> bool {
        byte < 0x20 || byte == 0x7f
    }

    fn of_word(word: u64) -> u64 {
        below(word, 0x20) | equal(word, 0x7f)
    }
}

impl Class for NotTarget {
    fn has(byte: u8) -> bool {
        !is_target_byte(byte)
    }

    fn of_word(word: u64) -> u64 {
        below(word, 0x21) | equal(word, b'#') | equal(word, 0x7f) | word & HIGH
    }
}

impl Class for Colon {
    fn has(byte: u8) -> bool {
        byte == b':'
    }

    fn of_word(word: u64) -> u64 {
        equal(word, b':')
    }
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH: u64 = ONES * 0x80;

const fn equal(word: u64, sought: u8) -> u64 {
    let differs = word ^ (ONES * sought as u64);
    differs.wrapping_sub(ONES) & !differs & HIGH
}

/// ASCII bytes less than `bound`, which is at most 0x80.
const fn below(word: u64, bound: u8) -> u64 {
    word.wrapping_sub(ONES * bound as u64) & !word & HIGH
}

/// Where the first byte of the class is.
pub(super) fn find<C: Class>(bytes: &[u8], _: C) -> Option<usize> {
    let mut rest = bytes;
    // Most of what is sought is near.
    for _ in 0..2 {
        let Some((word, behind)) = rest.split_first_chunk() else { break };
        let found = C::of_word(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(bytes.len() - rest.len() + found.trailing_zeros() as usize / 8);
        }
        rest = behind;
    }
    // Without a branch for each byte, so that this is a few instructions on vectors.
    while let Some((block, behind)) = rest.split_first_chunk::<32>()
        && !block.iter().fold(false, |any, &byte| any | C::has(byte))
    {
        rest = behind;
    }
    rest.iter().position(|&byte| C::has(byte)).map(|at| bytes.len() - rest.len() + at)
}

/// The first eight bytes with letters in lower case. Of other bytes, those from `@` to `_` become others that are no
/// letters; all that stand below `@`, such as the hyphen, stay as they are.
pub(super) const fn lower_case(bytes: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(bytes);
    word | (word & u64::from_ne_bytes([0x40; 8])) >> 1
}

/// A name of up to sixteen bytes in lower case, as two words: one of them is enough for less than eight, the other is
/// for the last eight and so may tell some bytes twice.
pub(super) fn name(line: &[u8], len: usize) -> Option<[u64; 2]> {
    let first = lower_case(*line.first_chunk()?);
    match len {
        0..8 => Some([first & !(u64::MAX << (8 * len)), 0]),
        _ => Some([first, lower_case(*line.get(len - 8..)?.first_chunk()?)]),
    }
}

/// The words of such a name that is in lower case already.
pub(super) const fn words_of(name: &[u8]) -> [u64; 2] {
    let mut words = [0; 2];
    let mut at = 0;
    while at < name.len() {
        if at < 8 {
            words[0] |= (name[at] as u64) << (8 * at);
        }
        if name.len() >= 8 && at + 8 >= name.len() {
            words[1] |= (name[at] as u64) << (8 * (at + 8 - name.len()));
        }
        at += 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<C: Class>(bytes: &[u8], class: C) {
        let expected = bytes.iter().position(|&byte| C::has(byte));
        assert_eq!(find(bytes, class), expected, "{bytes:?}");
    }

    #[test]
    fn the_first_byte_of_a_class_is_found_whatever_stands_around_it() {
        let mut seed = 0x5eed_u64;
        for round in 0..200_000_usize {
            let mut bytes = [0; 53];
            for byte in &mut bytes {
                seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                // Mostly letters, so that some blocks have no byte of the class.
                *byte = if seed >> 59 < 30 { b'a' + (seed >> 40) as u8 % 26 } else { (seed >> 48) as u8 };
            }
            let bytes = &bytes[..round % bytes.len()];
            check(bytes, Control);
            check(bytes, NotTarget);
            check(bytes, Colon);
        }
        for byte in 0..=u8::MAX {
            check(&[byte; 16], Control);
            check(&[byte; 16], NotTarget);
            check(&[byte; 16], Colon);
        }
    }

    #[test]
    fn only_letters_become_the_letters_of_a_name() {
        for byte in 0..=u8::MAX {
            let [lower, ..] = lower_case([byte; 8]).to_le_bytes();
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
    fn a_name_has_the_words_that_are_read_of_it() {
        let text = b"If-Modified-Sinc";
        let mut seen = std::collections::HashSet::new();
        for len in 1..=text.len() {
            let line = [&text[..len], b": a value of some length"].concat();
            let words = name(&line, len).unwrap();
            assert_eq!(words, words_of(&text[..len].to_ascii_lowercase()));
            assert!(seen.insert(words));
        }
    }
}
