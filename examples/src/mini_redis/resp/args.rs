//! The parts of a request.

use std::fmt;
use std::ops::Deref;

/// Parts that most requests have at most.
const INLINE: usize = 8;

/// The parts of a request, name first, lent from the buffer they arrived in. Few of them take no memory.
#[derive(Clone)]
pub struct Args<'a> {
    parts: Parts<'a>,
}

#[derive(Clone)]
enum Parts<'a> {
    Few([&'a [u8]; INLINE], usize),
    Many(Vec<&'a [u8]>),
}

impl<'a> FromIterator<&'a [u8]> for Args<'a> {
    fn from_iter<I: IntoIterator<Item = &'a [u8]>>(parts: I) -> Self {
        let mut parts = parts.into_iter();
        let (mut few, mut len) = ([&[][..]; INLINE], 0);
        while let Some(part) = parts.next() {
            if len == INLINE {
                let many = few.into_iter().chain([part]).chain(parts).collect();
                return Self { parts: Parts::Many(many) };
            }
            few[len] = part;
            len += 1;
        }
        Self { parts: Parts::Few(few, len) }
    }
}

impl<'a> Deref for Args<'a> {
    type Target = [&'a [u8]];

    fn deref(&self) -> &[&'a [u8]] {
        match &self.parts {
            Parts::Few(few, len) => &few[..*len],
            Parts::Many(many) => many,
        }
    }
}

impl fmt::Debug for Args<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|part| part.escape_ascii().to_string())).finish()
    }
}
