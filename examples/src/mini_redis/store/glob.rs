//! Patterns: `*`, `?`, `[a-z]`, `[^a]`, and `\` before a byte that means itself.

/// Whether `text` matches `pattern`.
///
/// After a mismatch only the last `*` is tried again, so the time is at most the product of the lengths.
pub(in crate::mini_redis) fn matches(mut pattern: &[u8], mut text: &[u8]) -> bool {
    // Where to go on after a mismatch: behind the last star, with one byte more swallowed by it.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', behind @ ..] = pattern {
            (pattern, retry) = (behind, Some((behind, text)));
            continue;
        }
        let Some((&byte, rest)) = text.split_first() else { return pattern.is_empty() };
        if let Some(behind) = matches_one(pattern, byte) {
            (pattern, text) = (behind, rest);
            continue;
        }
        let Some((behind, [_, swallowed @ ..])) = retry else { return false };
        (pattern, text, retry) = (behind, swallowed, Some((behind, swallowed)));
    }
}

/// What follows in the pattern after its first element, if that matches `byte`.
fn matches_one(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    match pattern {
        [b'?', behind @ ..] => Some(behind),
        [b'\\', literal, behind @ ..] => (*literal == byte).then_some(behind),
        [b'[', class @ ..] => matches_class(class, byte),
        [literal, behind @ ..] => (*literal == byte).then_some(behind),
        [] => None,
    }
}

/// As [`matches_one`], behind `[`. A class without end goes to the end of the pattern.
fn matches_class(class: &[u8], byte: u8) -> Option<&[u8]> {
    let (is_negated, mut class) = match class {
        [b'^', class @ ..] => (true, class),
        class => (false, class),
    };
    let mut is_in = false;
    loop {
        class = match class {
            [b']', behind @ ..] => return (is_in != is_negated).then_some(behind),
            [] => return (is_in != is_negated).then_some(&[]),
            [b'\\', literal, behind @ ..] => {
                is_in |= *literal == byte;
                behind
            }
            [from, b'-', to, behind @ ..] if *to != b']' => {
                is_in |= (*from.min(to)..=*from.max(to)).contains(&byte);
                behind
            }
            [literal, behind @ ..] => {
                is_in |= *literal == byte;
                behind
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_redis_has_them() {
        for (pattern, text, is_match) in [
            ("*", "", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbbd", false),
            ("h?llo", "hello", true),
            ("h?llo", "hllo", false),
            ("h[ae]llo", "hallo", true),
            ("h[^e]llo", "hello", false),
            ("h[a-c]llo", "hbllo", true),
            ("h\\*llo", "h*llo", true),
            ("h\\*llo", "hello", false),
            ("*a*b*", "xxaxxbxx", true),
            ("**a", "a", true),
            ("[a", "a", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), is_match, "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_of_stars_does_not_take_for_ever() {
        assert!(!matches(&b"*a".repeat(500), &[b'b'; 20_000]));
        assert!(!matches(&[&b"a*".repeat(30)[..], b"b"].concat(), &[b'a'; 5_000]));
    }
}
