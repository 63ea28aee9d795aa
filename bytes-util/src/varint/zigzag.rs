//! Signed numbers as unsigned ones: 0, -1, 1, -2, 2 become 0, 1, 2, 3, 4.

/// A signed number that has an unsigned counterpart.
///
/// Sealed: it is implemented for the signed integers from 16 to 128 bits.
pub trait Signed: sealed::Sealed + Copy {
    /// The unsigned type of the same width.
    type Unsigned;

    #[doc(hidden)]
    fn to_zigzag(self) -> Self::Unsigned;

    #[doc(hidden)]
    fn from_zigzag(encoded: Self::Unsigned) -> Self;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! signed {
    ($($signed:ident $unsigned:ident)*) => {$(
        impl sealed::Sealed for $signed {}

        impl Signed for $signed {
            type Unsigned = $unsigned;

            #[inline]
            fn to_zigzag(self) -> $unsigned {
                ((self << 1) ^ (self >> ($signed::BITS - 1))).cast_unsigned()
            }

            #[inline]
            fn from_zigzag(encoded: $unsigned) -> Self {
                (encoded >> 1).cast_signed() ^ -(encoded & 1).cast_signed()
            }
        }
    )*};
}

signed!(i16 u16 i32 u32 i64 u64 i128 u128);

/// The unsigned form of `value`.
#[inline]
#[must_use]
pub fn encode<T: Signed>(value: T) -> T::Unsigned {
    value.to_zigzag()
}

/// The number whose unsigned form is `encoded`.
#[inline]
#[must_use]
pub fn decode<T: Signed>(encoded: T::Unsigned) -> T {
    T::from_zigzag(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_of_both_signs_are_small() {
        for (value, encoded) in
            [(0, 0), (-1, 1), (1, 2), (-2, 3), (2, 4), (i64::MAX, u64::MAX - 1), (i64::MIN, u64::MAX)]
        {
            assert_eq!(encode(value), encoded);
            assert_eq!(decode::<i64>(encoded), value);
        }
    }

    #[test]
    fn every_sixteen_bit_number_comes_back() {
        for value in i16::MIN..=i16::MAX {
            assert_eq!(decode::<i16>(encode(value)), value);
            assert_eq!(decode::<i128>(encode(i128::from(value) << 100)), i128::from(value) << 100);
        }
    }
}
