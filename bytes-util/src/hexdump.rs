//! Bytes for people's eyes.

use core::fmt;

/// Bytes on a line.
const LINE: usize = 16;

/// Shows bytes as `hexdump -C` does: offset, hexadecimal, text.
///
/// ```
/// use minato_bytes_util::hexdump;
///
/// let text = hexdump(b"\x00\x00\x00\x05hello, world\n").to_string();
/// assert_eq!(
///     text,
///     "00000000  00 00 00 05 68 65 6c 6c  6f 2c 20 77 6f 72 6c 64  |....hello, world|\n\
///      00000010  0a                                                |.|\n\
///      00000011",
/// );
/// ```
#[must_use]
pub fn hexdump(bytes: &[u8]) -> HexDump<'_> {
    HexDump { bytes, limit: usize::MAX }
}

/// Bytes that show themselves as `hexdump -C` does; made by [`hexdump()`].
#[derive(Clone, Copy)]
pub struct HexDump<'a> {
    bytes: &'a [u8],
    limit: usize,
}

impl HexDump<'_> {
    /// Shows the first `limit` bytes only, and how many there are in all.
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }
}

impl fmt::Display for HexDump<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.bytes[..self.limit.min(self.bytes.len())];
        for (index, line) in shown.chunks(LINE).enumerate() {
            write!(f, "{:08x} ", index * LINE)?;
            for column in 0..LINE {
                f.write_str(if column % 8 == 0 { " " } else { "" })?;
                match line.get(column) {
                    Some(byte) => write!(f, "{byte:02x} ")?,
                    None => f.write_str("   ")?,
                }
            }
            f.write_str(" |")?;
            for &byte in line {
                let visible = byte.is_ascii_graphic() || byte == b' ';
                write!(f, "{}", if visible { char::from(byte) } else { '.' })?;
            }
            f.write_str("|\n")?;
        }
        if shown.len() < self.bytes.len() {
            writeln!(f, "... {} bytes more", self.bytes.len() - shown.len())?;
        }
        write!(f, "{:08x}", self.bytes.len())
    }
}

impl fmt::Debug for HexDump<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn nothing_is_its_length_alone() {
        assert_eq!(hexdump(b"").to_string(), "00000000");
    }

    #[test]
    fn a_limit_says_what_it_hides() {
        let text = hexdump(&[b'x'; 100]).limit(16).to_string();
        assert!(text.ends_with("|xxxxxxxxxxxxxxxx|\n... 84 bytes more\n00000064"), "{text}");
    }
}
