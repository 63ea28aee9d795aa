//! Text on top of `Bytes`.
//!
//! # Safety
//!
//! 1. The bytes of a [`ByteStr`] are valid UTF-8. They are checked where a value is made of bytes, come from a `str`
//!    otherwise, and are cut at character boundaries only. `Bytes` never change.

#![allow(unsafe_code, reason = "a check per access would cost as much as the text is long")]

use alloc::string::String;
use core::borrow::Borrow;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::{Bound, Deref, RangeBounds};
use core::str::Utf8Error;

use bytes::Bytes;

/// A string that is shared like [`Bytes`]: clones and slices copy nothing.
///
/// ```
/// use bytes::Bytes;
/// use minato_bytes_util::ByteStr;
///
/// let line = ByteStr::from_utf8(Bytes::from_static(b"GET /caf\xc3\xa9"))?;
/// let path = line.slice(4..);
/// assert_eq!(path, "/café");
/// assert!(ByteStr::from_utf8(Bytes::from_static(b"\xff")).is_err());
/// # Ok::<(), core::str::Utf8Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteStr {
    /// Valid UTF-8 (invariant 1), so that order and equality are those of `str`.
    bytes: Bytes,
}

impl ByteStr {
    /// An empty string, which owns no memory.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Bytes::new() }
    }

    /// A string that lives in the program.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        Self { bytes: Bytes::from_static(text.as_bytes()) }
    }

    /// The bytes as text, without copying them.
    ///
    /// # Errors
    ///
    /// If they are not UTF-8.
    pub fn from_utf8(bytes: Bytes) -> Result<Self, Utf8Error> {
        core::str::from_utf8(&bytes)?;
        Ok(Self { bytes })
    }

    /// A copy of `text`.
    #[must_use]
    pub fn copy_from_str(text: &str) -> Self {
        Self { bytes: Bytes::copy_from_slice(text.as_bytes()) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // SAFETY: invariant 1.
        unsafe { core::str::from_utf8_unchecked(&self.bytes) }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The bytes, without the promise.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// A part of the string that shares its memory.
    ///
    /// # Panics
    ///
    /// If the range is out of bounds or cuts a character.
    #[must_use]
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Self {
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&start) => start + 1,
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&end) => end + 1,
            Bound::Excluded(&end) => end,
            Bound::Unbounded => self.len(),
        };
        // INVARIANT: `str` checks the boundaries.
        let part = &self.as_str()[start..end];
        Self { bytes: self.bytes.slice_ref(part.as_bytes()) }
    }

    /// A part of the string, given as `str` that lies within it, as a string that shares its memory.
    ///
    /// # Panics
    ///
    /// If `part` does not lie within this string.
    #[must_use]
    pub fn slice_ref(&self, part: &str) -> Self {
        Self { bytes: self.bytes.slice_ref(part.as_bytes()) }
    }

    /// Takes the first `at` bytes away as a string of their own.
    ///
    /// # Panics
    ///
    /// If `at` is out of bounds or cuts a character.
    #[must_use = "the text is no longer in this string"]
    pub fn split_to(&mut self, at: usize) -> Self {
        assert!(self.is_char_boundary(at), "{at} is not at the border of a character");
        Self { bytes: self.bytes.split_to(at) }
    }

    /// Takes everything behind the first `at` bytes away as a string of its own.
    ///
    /// # Panics
    ///
    /// If `at` is out of bounds or cuts a character.
    #[must_use = "the text is no longer in this string"]
    pub fn split_off(&mut self, at: usize) -> Self {
        assert!(self.is_char_boundary(at), "{at} is not at the border of a character");
        Self { bytes: self.bytes.split_off(at) }
    }
}

impl Deref for ByteStr {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for ByteStr {
    fn as_ref(&self) -> &str {
        self
    }
}

impl AsRef<[u8]> for ByteStr {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Borrow<str> for ByteStr {
    fn borrow(&self) -> &str {
        self
    }
}

// As `str`, so that maps can be asked with a `str`.
#[allow(clippy::derived_hash_with_manual_eq, reason = "equal bytes are equal text")]
impl Hash for ByteStr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialEq<str> for ByteStr {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for ByteStr {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl From<String> for ByteStr {
    fn from(text: String) -> Self {
        Self { bytes: Bytes::from(text) }
    }
}

impl From<&'static str> for ByteStr {
    fn from(text: &'static str) -> Self {
        Self::from_static(text)
    }
}

impl From<ByteStr> for Bytes {
    fn from(text: ByteStr) -> Self {
        text.bytes
    }
}

impl TryFrom<Bytes> for ByteStr {
    type Error = Utf8Error;

    fn try_from(bytes: Bytes) -> Result<Self, Utf8Error> {
        Self::from_utf8(bytes)
    }
}

impl fmt::Display for ByteStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl fmt::Debug for ByteStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn slices_share_memory_and_maps_are_asked_with_a_str() {
        let text = ByteStr::from(String::from("naïve code"));
        let word = text.slice(..6);
        assert_eq!(word, "naïve");
        assert_eq!(word.as_ptr(), text.as_ptr());
        assert_eq!(text.slice_ref(text.split(' ').nth(1).unwrap()), "code");
        let map = HashMap::from([(word, 1)]);
        assert_eq!(map.get("naïve"), Some(&1));
    }

    #[test]
    fn splitting_keeps_both_parts_text() {
        let mut text = ByteStr::from_static("αβγ");
        assert_eq!(text.split_to(2), "α");
        assert_eq!(text.split_off(2), "γ");
        assert_eq!(text, "β");
    }

    #[test]
    #[should_panic(expected = "char boundary")]
    fn a_slice_may_not_cut_a_character() {
        let _ = ByteStr::from_static("αβγ").slice(1..);
    }

    #[test]
    #[should_panic(expected = "not at the border")]
    fn a_split_may_not_cut_a_character() {
        let _ = ByteStr::from_static("αβγ").split_to(3);
    }

    #[test]
    fn order_is_that_of_str() {
        let texts = ["", "a", "ab", "é", "z", "\u{10000}", "\u{ffff}"];
        for a in texts {
            for b in texts {
                assert_eq!(ByteStr::from(a).cmp(&ByteStr::from(b)), a.cmp(b), "{a} {b}");
            }
        }
    }
}
