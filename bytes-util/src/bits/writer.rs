//! Writing bits.

use core::marker::PhantomData;

use bytes::BufMut;

use super::{BitError, BitErrorKind, BitOrder, MsbFirst};

/// Writes numbers of up to 64 bits to a [`BufMut`], and checks that they fit.
///
/// Nothing panics; a write that fails writes nothing. The bits of a byte that is not full are kept until
/// [`finish`](Self::finish), and there is always room for them. Positions and lengths are in bits.
///
/// ```
/// use minato_bytes_util::bits::{BitErrorKind, BitWriter, MsbFirst};
///
/// let mut room = [0; 2];
/// let mut writer = BitWriter::<_, MsbFirst>::new(&mut room[..]);
/// writer.write(0x123, 12)?;
/// assert_eq!(writer.write(16, 4).unwrap_err().kind, BitErrorKind::Value { width: 4 });
/// assert_eq!(writer.write(0, 5).unwrap_err().kind, BitErrorKind::Full);
/// writer.bit(true)?;
/// writer.finish();
/// assert_eq!(room, [0x12, 0x38]);
/// # Ok::<(), minato_bytes_util::bits::BitError>(())
/// ```
#[derive(Debug)]
#[must_use = "the last bits are written by `finish`"]
pub struct BitWriter<B, O: BitOrder = MsbFirst> {
    out: B,
    /// The bits of the byte that is not full, where they belong in it; else zero.
    open: u8,
    position: u64,
    order: PhantomData<O>,
}

impl<B: BufMut, O: BitOrder> BitWriter<B, O> {
    /// Writes behind what `out` holds.
    pub const fn new(out: B) -> Self {
        Self { out, open: 0, position: 0, order: PhantomData }
    }

    /// Bits written so far.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Whether the next bit begins a byte.
    #[must_use]
    pub const fn is_aligned(&self) -> bool {
        self.position.is_multiple_of(8)
    }

    /// Writes `value` in `width` bits.
    ///
    /// # Errors
    ///
    /// If there is no room, the value does not fit, or `width` is more than 64.
    pub fn write(&mut self, value: u64, width: u32) -> Result<(), BitError> {
        if width > 64 {
            return Err(self.error(BitErrorKind::Width { width }));
        }
        if value.checked_shr(width).unwrap_or(0) != 0 {
            return Err(self.error(BitErrorKind::Value { width }));
        }
        let filled = (self.position % 8) as u32;
        let total = (filled + width) as usize;
        if total.div_ceil(8) > self.out.remaining_mut() {
            return Err(self.error(BitErrorKind::Full));
        }
        if width == 0 {
            return Ok(());
        }
        let mut window = O::place(value, filled, width);
        window[0] |= self.open;
        let whole = total / 8;
        self.out.put_slice(&window[..whole]);
        self.open = window[whole];
        self.position += u64::from(width);
        Ok(())
    }

    /// Writes one bit.
    ///
    /// # Errors
    ///
    /// If there is no room.
    pub fn bit(&mut self, bit: bool) -> Result<(), BitError> {
        self.write(bit.into(), 1)
    }

    /// Fills the byte that is not full with zeros, and returns how many there were, 0 to 7.
    pub fn align(&mut self) -> u32 {
        let padding = self.position.wrapping_neg() % 8;
        if padding > 0 {
            self.out.put_u8(core::mem::take(&mut self.open));
            self.position += padding;
        }
        padding as u32
    }

    /// Writes whole bytes, from where a byte begins.
    ///
    /// # Errors
    ///
    /// If there is no room, or the position is within a byte: see [`align`](Self::align).
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), BitError> {
        if !self.is_aligned() {
            return Err(self.error(BitErrorKind::Unaligned));
        }
        if bytes.len() > self.out.remaining_mut() {
            return Err(self.error(BitErrorKind::Full));
        }
        self.out.put_slice(bytes);
        self.position += bytes.len() as u64 * 8;
        Ok(())
    }

    /// Fills the last byte with zeros, and returns the output.
    pub fn finish(mut self) -> B {
        self.align();
        self.out
    }

    fn error(&self, kind: BitErrorKind) -> BitError {
        BitError { position: self.position, kind }
    }
}
