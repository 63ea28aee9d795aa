//! CRC-32 as gzip, zip, PNG and Ethernet use it.

/// The polynomial, bits reversed.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// `TABLES[k][b]` is the remainder of byte `b` with `k` zero bytes behind it, so that eight bytes go in at a time.
static TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            remainder = (remainder >> 1) ^ (POLYNOMIAL * (remainder & 1));
            bit += 1;
        }
        tables[0][byte] = remainder;
        byte += 1;
    }
    let mut zeros = 1;
    while zeros < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[zeros - 1][byte];
            tables[zeros][byte] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        zeros += 1;
    }
    tables
}

/// A CRC-32 (IEEE 802.3) under way.
///
/// It finds accidents, not attacks.
///
/// ```
/// use minato_bytes_util::adapters::Crc32;
///
/// let mut crc = Crc32::new();
/// crc.update(b"1234");
/// crc.update(b"56789");
/// assert_eq!(crc.value(), 0xcbf4_3926);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Crc32 {
    /// The remainder, all bits inverted.
    state: u32,
}

impl Crc32 {
    /// The checksum of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: !0 }
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let mut state = self.state;
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            let [a, b, c, d, e, f, g, h] = *word;
            let low = state ^ u32::from_le_bytes([a, b, c, d]);
            let [a, b, c, d] = low.to_le_bytes();
            state = [a, b, c, d, e, f, g, h]
                .into_iter()
                .zip(TABLES.iter().rev())
                .fold(0, |sum, (byte, table)| sum ^ table[usize::from(byte)]);
        }
        for &byte in rest {
            state = (state >> 8) ^ TABLES[0][usize::from(state as u8 ^ byte)];
        }
        self.state = state;
    }

    /// The checksum of what was added so far.
    #[must_use]
    pub const fn value(&self) -> u32 {
        !self.state
    }
}

impl Default for Crc32 {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_known_values() {
        for (text, value) in
            [("", 0), ("a", 0xe8b7_be43), ("The quick brown fox jumps over the lazy dog", 0x414f_a339)]
        {
            let mut crc = Crc32::new();
            crc.update(text.as_bytes());
            assert_eq!(crc.value(), value, "{text}");
        }
    }

    #[test]
    fn any_split_gives_the_same_sum() {
        let bytes: [u8; 67] = core::array::from_fn(|index| (index * 31) as u8);
        let mut whole = Crc32::new();
        whole.update(&bytes);
        for split in 0..bytes.len() {
            let mut parts = Crc32::new();
            parts.update(&bytes[..split]);
            parts.update(&bytes[split..]);
            assert_eq!(parts.value(), whole.value(), "split at {split}");
        }
    }
}
