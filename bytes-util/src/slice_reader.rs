//! Typed reads that know their position.

use core::fmt;

use crate::varint::{self, VarintError, leb128};

/// Reads numbers and slices from bytes, checks every length, and says where the input was too short.
///
/// Nothing panics and nothing is copied; a read that fails takes nothing.
///
/// ```
/// use minato_bytes_util::SliceReader;
///
/// let mut reader = SliceReader::new(b"\x01\x00\x03abc\x00");
/// assert_eq!(reader.u8()?, 1);
/// let len = reader.u16()?;
/// assert_eq!(reader.bytes(len.into())?, b"abc");
/// let error = reader.u32().unwrap_err();
/// assert_eq!((error.position, error.wanted, error.available), (6, 4, 1));
/// # Ok::<(), minato_bytes_util::ShortInput>(())
/// ```
#[derive(Clone, Debug)]
pub struct SliceReader<'a> {
    input: &'a [u8],
    position: usize,
}

/// The input ended where more was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShortInput {
    /// Where the read began.
    pub position: usize,
    /// Bytes that were wanted there.
    pub wanted: usize,
    /// Bytes that were there.
    pub available: usize,
}

impl fmt::Display for ShortInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wanted {} bytes at {}, there are {}", self.wanted, self.position, self.available)
    }
}

impl core::error::Error for ShortInput {}

macro_rules! numbers {
    ($($type:ident $big:ident $little:ident;)*) => {$(
        #[doc = concat!("A `", stringify!($type), "`, most significant byte first.")]
        ///
        /// # Errors
        ///
        /// If the input is too short.
        pub fn $big(&mut self) -> Result<$type, ShortInput> {
            self.array().map($type::from_be_bytes)
        }

        #[doc = concat!("A `", stringify!($type), "`, least significant byte first.")]
        ///
        /// # Errors
        ///
        /// If the input is too short.
        pub fn $little(&mut self) -> Result<$type, ShortInput> {
            self.array().map($type::from_le_bytes)
        }
    )*};
}

impl<'a> SliceReader<'a> {
    /// A reader at the start of `input`.
    #[must_use]
    pub fn new(input: &'a [u8]) -> Self {
        Self { input, position: 0 }
    }

    /// Bytes read so far.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// What is not yet read.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        &self.input[self.position..]
    }

    /// Whether everything is read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    /// The next `len` bytes.
    ///
    /// # Errors
    ///
    /// If the input is too short.
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8], ShortInput> {
        let rest = self.rest();
        let Some(bytes) = rest.get(..len) else {
            return Err(ShortInput { position: self.position, wanted: len, available: rest.len() });
        };
        self.position += len;
        Ok(bytes)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    ///
    /// If the input is too short.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], ShortInput> {
        match self.rest().first_chunk() {
            Some(array) => {
                self.position += N;
                Ok(*array)
            }
            None => Err(ShortInput { position: self.position, wanted: N, available: self.rest().len() }),
        }
    }

    /// One byte.
    ///
    /// # Errors
    ///
    /// If the input is at its end.
    pub fn u8(&mut self) -> Result<u8, ShortInput> {
        self.array().map(|[byte]| byte)
    }

    numbers! {
        u16 u16 u16_le;
        u32 u32 u32_le;
        u64 u64 u64_le;
        u128 u128 u128_le;
        i16 i16 i16_le;
        i32 i32 i32_le;
        i64 i64 i64_le;
        i128 i128 i128_le;
        f32 f32 f32_le;
        f64 f64 f64_le;
    }

    /// A number in LEB128.
    ///
    /// # Errors
    ///
    /// If the input is too short, or not the one encoding of a number of this type.
    pub fn leb128<T: leb128::Leb128>(&mut self) -> Result<T, VarintError> {
        let (value, len) = leb128::decode(self.rest())?.ok_or(VarintError::Truncated)?;
        self.position += len;
        Ok(value)
    }

    /// A number as QUIC encodes it.
    ///
    /// # Errors
    ///
    /// If the input is too short.
    pub fn quic_varint(&mut self) -> Result<u64, VarintError> {
        let (value, len) = varint::quic::decode(self.rest()).ok_or(VarintError::Truncated)?;
        self.position += len;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_that_fails_takes_nothing() {
        let mut reader = SliceReader::new(&[1, 2, 3]);
        assert!(reader.u32().is_err());
        assert!(reader.bytes(usize::MAX).is_err());
        assert_eq!(reader.u16_le(), Ok(0x0201));
        assert_eq!(reader.position(), 2);
        assert_eq!(reader.u8(), Ok(3));
        assert!(reader.is_empty());
        assert_eq!(reader.u8(), Err(ShortInput { position: 3, wanted: 1, available: 0 }));
    }

    #[test]
    fn varints_are_read_and_cut_ones_are_errors() {
        let mut reader = SliceReader::new(&[0xac, 0x02, 0x40, 0x25, 0x80]);
        assert_eq!(reader.leb128::<u64>(), Ok(300));
        assert_eq!(reader.quic_varint(), Ok(37));
        assert_eq!(reader.leb128::<u32>(), Err(VarintError::Truncated));
        assert_eq!(reader.rest(), [0x80]);
    }
}
