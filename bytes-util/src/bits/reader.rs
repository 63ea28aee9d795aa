//! Reading bits.

use core::marker::PhantomData;

use super::{BitError, BitErrorKind, BitOrder, MsbFirst};

/// Reads numbers of up to 64 bits from bytes, checks every length, and says where the input was too short.
///
/// Nothing panics and nothing is copied; a read that fails takes nothing. Positions and lengths are in bits.
///
/// ```
/// use minato_bytes_util::bits::{BitReader, LsbFirst};
///
/// // The head of a DEFLATE block that is stored: the last one, of type 0, and then whole bytes.
/// let mut reader = BitReader::<LsbFirst>::new(&[0b0000_0001, 2, 0, 0xfd, 0xff, b'h', b'i']);
/// assert!(reader.bit()?);
/// assert_eq!(reader.read(2)?, 0);
/// assert_eq!(reader.align(), 5);
/// let len = reader.read(16)?;
/// assert_eq!(len ^ reader.read(16)?, 0xffff);
/// assert_eq!(reader.bytes(len as usize)?, b"hi");
/// # Ok::<(), minato_bytes_util::bits::BitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct BitReader<'a, O: BitOrder = MsbFirst> {
    input: &'a [u8],
    /// Bits read, at most eight times the length of the input.
    position: u64,
    order: PhantomData<O>,
}

impl<'a, O: BitOrder> BitReader<'a, O> {
    /// A reader at the start of `input`.
    #[must_use]
    pub const fn new(input: &'a [u8]) -> Self {
        Self { input, position: 0, order: PhantomData }
    }

    /// Bits read so far.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Bits not yet read.
    #[must_use]
    pub const fn remaining(&self) -> u64 {
        self.input.len() as u64 * 8 - self.position
    }

    /// Whether the next bit begins a byte.
    #[must_use]
    pub const fn is_aligned(&self) -> bool {
        self.position.is_multiple_of(8)
    }

    /// The next `width` bits as a number, without taking them.
    ///
    /// # Errors
    ///
    /// If the input is too short, or `width` is more than 64.
    pub fn peek(&self, width: u32) -> Result<u64, BitError> {
        if width > 64 {
            return Err(self.error(BitErrorKind::Width { width }));
        }
        self.check(width.into())?;
        if width == 0 {
            return Ok(0);
        }
        let rest = &self.input[(self.position / 8) as usize..];
        let window = rest.first_chunk::<16>().copied().unwrap_or_else(|| {
            let mut window = [0; 16];
            window[..rest.len()].copy_from_slice(rest);
            window
        });
        Ok(O::extract(window, (self.position % 8) as u32, width))
    }

    /// The next `width` bits as a number; none are 0.
    ///
    /// # Errors
    ///
    /// If the input is too short, or `width` is more than 64.
    pub fn read(&mut self, width: u32) -> Result<u64, BitError> {
        let value = self.peek(width)?;
        self.position += u64::from(width);
        Ok(value)
    }

    /// The next bit.
    ///
    /// # Errors
    ///
    /// If the input is at its end.
    pub fn bit(&mut self) -> Result<bool, BitError> {
        self.read(1).map(|bit| bit == 1)
    }

    /// Passes over `count` bits.
    ///
    /// # Errors
    ///
    /// If the input is too short.
    pub fn skip(&mut self, count: u64) -> Result<(), BitError> {
        self.check(count)?;
        self.position += count;
        Ok(())
    }

    /// Goes to where the next byte begins, and returns how many bits were passed over, 0 to 7.
    pub fn align(&mut self) -> u32 {
        let padding = self.position.wrapping_neg() % 8;
        self.position += padding;
        padding as u32
    }

    /// The next `len` bytes, from where a byte begins.
    ///
    /// # Errors
    ///
    /// If the input is too short, or the position is within a byte: see [`align`](Self::align).
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8], BitError> {
        if !self.is_aligned() {
            return Err(self.error(BitErrorKind::Unaligned));
        }
        let wanted = (len as u64).saturating_mul(8);
        self.check(wanted)?;
        let start = (self.position / 8) as usize;
        self.position += wanted;
        Ok(&self.input[start..start + len])
    }

    fn check(&self, wanted: u64) -> Result<(), BitError> {
        let available = self.remaining();
        if wanted <= available { Ok(()) } else { Err(self.error(BitErrorKind::Short { wanted, available })) }
    }

    fn error(&self, kind: BitErrorKind) -> BitError {
        BitError { position: self.position, kind }
    }
}
