//! Looking into a list without taking anything from it.

use super::BufList;

impl BufList {
    /// The position of the first `byte`.
    #[must_use]
    pub fn find(&self, byte: u8) -> Option<usize> {
        let mut offset = 0;
        for segment in self.iter() {
            if let Some(at) = memchr::memchr(byte, segment) {
                return Some(offset + at);
            }
            offset += segment.len();
        }
        None
    }

    /// Copies the first bytes into `to` without taking them, and says how many there were.
    pub fn peek(&self, to: &mut [u8]) -> usize {
        let mut filled = 0;
        for segment in self.iter() {
            let len = segment.len().min(to.len() - filled);
            to[filled..filled + len].copy_from_slice(&segment[..len]);
            filled += len;
            if filled == to.len() {
                break;
            }
        }
        filled
    }

    /// The position of the first occurrence of `pattern`, also where it lies across segments.
    ///
    /// An empty pattern is found at the start.
    #[must_use]
    pub fn find_slice(&self, pattern: &[u8]) -> Option<usize> {
        let Some((&first, rest)) = pattern.split_first() else { return Some(0) };
        let mut offset = 0;
        let mut segments = self.iter();
        while let Some(segment) = segments.next() {
            if let Some(at) = memchr::memmem::find(segment, pattern) {
                return Some(offset + at);
            }
            // What begins in the last bytes of this segment may end in the following ones.
            let border = segment.len().saturating_sub(rest.len());
            for at in memchr::memchr_iter(first, &segment[border..]).map(|at| border + at) {
                if continues(&segment[at + 1..], segments.clone(), rest) {
                    return Some(offset + at);
                }
            }
            offset += segment.len();
        }
        None
    }

    /// Where the first of several patterns occurs, and which one it is: the earliest in the list, and of those that begin at the
    /// same place the earliest in `patterns`. The list is gone through once for each of them.
    ///
    /// ```
    /// use minato_bytes_util::BufList;
    ///
    /// let head: BufList = [&b"GET / HTTP/1.1\r"[..], b"\n\r\n"].into_iter().map(bytes::Bytes::from_static).collect();
    /// assert_eq!(head.find_any(&[b"\n\n", b"\r\n\r\n"]), Some((14, 1)));
    /// ```
    #[must_use]
    pub fn find_any(&self, patterns: &[&[u8]]) -> Option<(usize, usize)> {
        let found = patterns.iter().enumerate();
        found.filter_map(|(which, pattern)| Some((self.find_slice(pattern)?, which))).min()
    }
}

/// Whether `head` and the segments behind it begin with `wanted`.
fn continues<'a>(head: &'a [u8], behind: impl Iterator<Item = &'a [u8]>, mut wanted: &[u8]) -> bool {
    for segment in core::iter::once(head).chain(behind) {
        let len = segment.len().min(wanted.len());
        if segment[..len] != wanted[..len] {
            return false;
        }
        wanted = &wanted[len..];
        if wanted.is_empty() {
            return true;
        }
    }
    false
}
