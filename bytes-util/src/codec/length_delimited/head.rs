//! The length in the head of a frame.

use super::LengthDelimitedCodecError;

/// Where the length is, and what it means.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) order: Order,
    /// Where the field begins.
    pub(super) offset: usize,
    /// Bytes of the field, 1 to 8.
    pub(super) width: usize,
    /// Added to the number in the field to get the length of the item.
    pub(super) adjustment: isize,
    /// Bytes in front of the item.
    pub(super) skip: usize,
    /// Bytes that have to be there before anything is known: the field and what is skipped.
    pub(super) needed: usize,
    /// The largest number that the field may carry.
    pub(super) frame_len_max: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Big,
    Little,
}

impl Head {
    /// Sets the limit, but not beyond what the field can hold.
    pub(super) fn set_frame_len_max(&mut self, len: usize) {
        self.frame_len_max = len.min(usize::try_from(self.field_max()).unwrap_or(usize::MAX));
    }

    /// The length of the item, once the head is there; there are then at least `skip` bytes.
    #[inline]
    pub(super) fn read(&self, src: &[u8]) -> Result<Option<usize>, LengthDelimitedCodecError> {
        if src.len() < self.needed {
            return Ok(None);
        }
        let announced = self.field(&src[self.offset..]);
        if announced > self.frame_len_max as u64 {
            return Err(LengthDelimitedCodecError::FrameTooLong { announced, max: self.frame_len_max });
        }
        // INVARIANT: with what is skipped in front it is a length that memory can have, and not zero: a frame that takes
        // no bytes would come again and again.
        (announced as usize)
            .checked_add_signed(self.adjustment)
            .filter(|len| {
                len.checked_add(self.skip).is_some_and(|total| (1..=isize::MAX as usize).contains(&total))
            })
            .map(Some)
            .ok_or(LengthDelimitedCodecError::AdjustedOutOfRange { announced })
    }

    /// The number in the field at the start of `bytes`, which is there.
    #[inline]
    fn field(&self, bytes: &[u8]) -> u64 {
        let unused = 64 - 8 * self.width;
        // Mostly there are eight bytes, and no loop is needed.
        if let Some(word) = bytes.first_chunk::<8>() {
            return match self.order {
                Order::Big => u64::from_be_bytes(*word) >> unused,
                Order::Little => u64::from_le_bytes(*word) << unused >> unused,
            };
        }
        let push = |number, &byte: &u8| number << 8 | u64::from(byte);
        match self.order {
            Order::Big => bytes[..self.width].iter().fold(0, push),
            Order::Little => bytes[..self.width].iter().rev().fold(0, push),
        }
    }

    /// The field for a payload of `len` bytes: bytes, and how many of them count.
    #[inline]
    pub(super) fn write(&self, len: usize) -> Result<([u8; 8], usize), LengthDelimitedCodecError> {
        let announced = len
            .checked_sub_signed(self.adjustment)
            .filter(|&announced| len <= self.frame_len_max && announced as u64 <= self.field_max())
            .ok_or(LengthDelimitedCodecError::PayloadTooLong { len })?;
        let field = match self.order {
            Order::Big => (announced as u64) << (64 - 8 * self.width),
            Order::Little => (announced as u64).swap_bytes(),
        };
        Ok((field.to_be_bytes(), self.width))
    }

    /// The largest number that the field can hold.
    fn field_max(&self) -> u64 {
        u64::MAX >> (64 - 8 * self.width)
    }
}
