//! Seven bits per byte, least significant first; the top bit says that another byte follows.
//!
//! Every number has one encoding here: longer forms of it are refused, so that bytes can be compared and signed.
//! Signed numbers are sign-extended from the last byte, as in WebAssembly and DWARF; for Protobuf's `sint` types use
//! [`zigzag`](super::zigzag).

use bytes::{Buf, BufMut};

use super::VarintError;

/// The length of the longest encoding of any type.
const LEN_MAX: usize = 19;

/// An integer that LEB128 can carry.
///
/// Sealed: it is implemented for the integers from 16 to 128 bits.
pub trait Leb128: sealed::Sealed + Copy {
    /// The length of the longest encoding of this type.
    const LEN_MAX: usize;

    /// Writes the encoding into `to` and answers its length.
    #[doc(hidden)]
    fn write(self, to: &mut [u8; LEN_MAX]) -> usize;

    /// The number whose encoding has exactly these bytes; the caller has found the end.
    #[doc(hidden)]
    fn read(encoded: &[u8]) -> Result<Self, VarintError>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! unsigned {
    ($($type:ident)*) => {$(
        impl sealed::Sealed for $type {}

        impl Leb128 for $type {
            const LEN_MAX: usize = $type::BITS.div_ceil(7) as usize;

            #[inline]
            fn write(mut self, to: &mut [u8; LEN_MAX]) -> usize {
                let mut len = 0;
                while self >= 0x80 {
                    to[len] = self as u8 | 0x80;
                    self >>= 7;
                    len += 1;
                }
                to[len] = self as u8;
                len + 1
            }

            #[inline]
            fn read(encoded: &[u8]) -> Result<Self, VarintError> {
                let mut value: $type = 0;
                for (index, &byte) in encoded.iter().enumerate() {
                    value |= $type::from(byte & 0x7f) << (7 * index);
                }
                let last = encoded[encoded.len() - 1];
                let spare = 7 * Self::LEN_MAX as u32 - $type::BITS;
                if encoded.len() == Self::LEN_MAX && last >> (7 - spare) != 0 {
                    return Err(VarintError::Overflow);
                }
                if last == 0 && encoded.len() > 1 {
                    return Err(VarintError::Overlong);
                }
                Ok(value)
            }
        }
    )*};
}

macro_rules! signed {
    ($($type:ident)*) => {$(
        impl sealed::Sealed for $type {}

        impl Leb128 for $type {
            const LEN_MAX: usize = $type::BITS.div_ceil(7) as usize;

            #[inline]
            fn write(mut self, to: &mut [u8; LEN_MAX]) -> usize {
                let mut len = 0;
                // The last byte carries the sign in its sixth bit.
                while !(-0x40..0x40).contains(&self) {
                    to[len] = self as u8 | 0x80;
                    self >>= 7;
                    len += 1;
                }
                to[len] = self as u8 & 0x7f;
                len + 1
            }

            #[inline]
            fn read(encoded: &[u8]) -> Result<Self, VarintError> {
                let mut value: $type = 0;
                for (index, &byte) in encoded.iter().enumerate() {
                    value |= $type::from(byte & 0x7f) << (7 * index);
                }
                let last = encoded[encoded.len() - 1];
                let used = 7 * encoded.len() as u32;
                if used >= $type::BITS {
                    // All bits beyond the type, and its sign, are equal.
                    let spare = used - $type::BITS;
                    let sign = ((last << 1) as i8) >> (7 - spare);
                    if sign != 0 && sign != -1 {
                        return Err(VarintError::Overflow);
                    }
                } else {
                    let shift = $type::BITS - used;
                    value = value << shift >> shift;
                }
                if let [.., before, last] = encoded
                    && (*last == 0 && before & 0x40 == 0 || *last == 0x7f && before & 0x40 != 0)
                {
                    return Err(VarintError::Overlong);
                }
                Ok(value)
            }
        }
    )*};
}

unsigned!(u16 u32 u64 u128);
signed!(i16 i32 i64 i128);

/// The length of the encoding of `value`.
#[must_use]
pub fn encoded_len<T: Leb128>(value: T) -> usize {
    value.write(&mut [0; LEN_MAX])
}

/// Appends the encoding of `value` in one piece, and answers its length.
///
/// # Panics
///
/// If the buffer has no room.
#[inline]
pub fn put<T: Leb128>(buf: &mut (impl BufMut + ?Sized), value: T) -> usize {
    let mut encoded = [0; LEN_MAX];
    let len = value.write(&mut encoded);
    buf.put_slice(&encoded[..len]);
    len
}

/// Reads a number at the start of `input`, and answers it with its length; `None` where the input ends too early.
///
/// # Errors
///
/// [`VarintError::Overflow`] or [`VarintError::Overlong`].
#[inline]
pub fn decode<T: Leb128>(input: &[u8]) -> Result<Option<(T, usize)>, VarintError> {
    // Most numbers are short.
    if let Some(&byte) = input.first()
        && byte < 0x80
    {
        return T::read(&input[..1]).map(|value| Some((value, 1)));
    }
    let within = &input[..input.len().min(T::LEN_MAX)];
    match within.iter().position(|&byte| byte < 0x80) {
        Some(last) => T::read(&within[..=last]).map(|value| Some((value, last + 1))),
        None if within.len() == T::LEN_MAX => Err(VarintError::Overflow),
        None => Ok(None),
    }
}

/// Takes a number from the start of `buf`, which may be in pieces; takes nothing and answers `None` where it is not
/// all there.
///
/// # Errors
///
/// [`VarintError::Overflow`] or [`VarintError::Overlong`]; nothing is taken then.
pub fn get<T: Leb128>(buf: &mut (impl Buf + Clone)) -> Result<Option<T>, VarintError> {
    if let Some((value, len)) = decode(buf.chunk())? {
        buf.advance(len);
        return Ok(Some(value));
    }
    // Across pieces, one byte at a time.
    let (mut ahead, mut decoder) = (buf.clone(), Decoder::new());
    while ahead.has_remaining() {
        if let Some(value) = decoder.push(ahead.get_u8())? {
            *buf = ahead;
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// Takes a number one byte at a time.
///
/// ```
/// use minato_bytes_util::varint::leb128::Decoder;
///
/// let mut decoder = Decoder::<u32>::new();
/// assert_eq!(decoder.push(0xac)?, None);
/// assert_eq!(decoder.push(0x02)?, Some(300));
/// # Ok::<(), minato_bytes_util::varint::VarintError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Decoder<T> {
    gathered: [u8; LEN_MAX],
    len: usize,
    number: core::marker::PhantomData<T>,
}

impl<T: Leb128> Decoder<T> {
    /// A decoder before the first byte of a number.
    #[must_use]
    pub fn new() -> Self {
        Self { gathered: [0; LEN_MAX], len: 0, number: core::marker::PhantomData }
    }

    /// Takes a byte; answers the number once it is complete, and is then before the next one.
    ///
    /// # Errors
    ///
    /// [`VarintError::Overflow`] or [`VarintError::Overlong`]; the decoder is then before the next number.
    pub fn push(&mut self, byte: u8) -> Result<Option<T>, VarintError> {
        self.gathered[self.len] = byte;
        self.len += 1;
        if byte < 0x80 {
            let len = core::mem::take(&mut self.len);
            return T::read(&self.gathered[..len]).map(Some);
        }
        if self.len == T::LEN_MAX {
            self.len = 0;
            return Err(VarintError::Overflow);
        }
        Ok(None)
    }

    /// Whether a number has begun and is not complete.
    #[must_use]
    pub fn is_within_number(&self) -> bool {
        self.len > 0
    }
}

impl<T: Leb128> Default for Decoder<T> {
    fn default() -> Self {
        Self::new()
    }
}
