//! The end of a target, sought many bytes at a time, and names of fields, compared eight bytes at a time.

use super::target::is_target_byte;

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

/// A word whose lowest set bit, if there is one, is the highest of the first byte that cannot stand in a target.
fn ends(word: u64) -> u64 {
    // Each of these is exact for the lowest byte it finds, which is all that is asked.
    below(word, 0x21) | equal(word, b'#') | equal(word, 0x7f) | word & HIGH
}

/// Where the first byte is that cannot stand in a request target; see [`is_target_byte`].
pub(super) fn target_end(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    // Most targets are short.
    for _ in 0..2 {
        let Some((word, behind)) = rest.split_first_chunk() else { break };
        let found = ends(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(bytes.len() - rest.len() + found.trailing_zeros() as usize / 8);
        }
        rest = behind;
    }
    // Without a branch for each byte, so that this is a few instructions on vectors.
    while let Some((block, behind)) = rest.split_first_chunk::<32>()
        && block.iter().fold(true, |all, &byte| all & is_target_byte(byte))
    {
        rest = behind;
    }
    rest.iter().position(|&byte| !is_target_byte(byte)).map(|at| bytes.len() - rest.len() + at)
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

    fn check(bytes: &[u8]) {
        let expected = bytes.iter().position(|&byte| !is_target_byte(byte));
        assert_eq!(target_end(bytes), expected, "{bytes:?}");
    }

    #[test]
    fn the_end_of_a_target_is_found_whatever_stands_around_it() {
        let mut seed = 0x5eed_u64;
        for round in 0..200_000_usize {
            let mut bytes = [0; 53];
            for byte in &mut bytes {
                seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                // Mostly letters, so that some blocks have no end in them.
                *byte = if seed >> 59 < 30 { b'a' + (seed >> 40) as u8 % 26 } else { (seed >> 48) as u8 };
            }
            check(&bytes[..round % bytes.len()]);
        }
        (0..=u8::MAX).for_each(|byte| check(&[byte; 16]));
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
