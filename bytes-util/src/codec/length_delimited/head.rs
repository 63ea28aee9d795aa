//! The length in the head of a frame.

use super::LengthDelimitedCodecError;

/// Where the length is, and what it means.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    order: Order,
    /// Where the field begins.
    offset: usize,
    /// Bytes of the field, 1 to 8.
    pub(super) width: usize,
    /// Bits of a word that the field leaves.
    unused: u32,
    /// Added to the number in the field to get the length of the item.
    adjustment: isize,
    /// Added to the number in the field to get the length of all, what is skipped included.
    total: usize,
    /// Bytes in front of the item.
    pub(super) skip: usize,
    /// Bytes that have to be there before anything is known: the field and what is skipped.
    needed: usize,
    /// The largest number that the field may carry.
    pub(super) frame_len_max: usize,
    /// The numbers that make a frame, found out once: not negative after adjustment, not without any bytes, and no longer
    /// than memory can be.
    announced: (u64, u64),
    /// The lengths of payloads that the field can tell.
    payload: (usize, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Big,
    Little,
}

impl Head {
    /// A head of this shape; the limit is still to be set.
    ///
    /// # Panics
    ///
    /// If the field lies beyond what memory can be.
    pub(super) fn new(
        order: Order,
        offset: usize,
        width: usize,
        adjustment: isize,
        skip: Option<usize>,
    ) -> Self {
        let field_end = offset.checked_add(width).expect("the length field lies within memory");
        let skip = skip.unwrap_or(field_end);
        let needed = field_end.max(skip);
        Self {
            order,
            offset,
            width,
            unused: u64::BITS - 8 * width as u32,
            adjustment,
            total: skip.wrapping_add_signed(adjustment),
            skip,
            needed,
            frame_len_max: 0,
            announced: (1, 0),
            payload: (1, 0),
        }
    }

    /// Sets the limit, but not beyond what the field can hold.
    pub(super) fn set_frame_len_max(&mut self, len: usize) {
        let field_max = i128::from(u64::MAX >> (64 - 8 * self.width));
        self.frame_len_max = usize::try_from(field_max).map_or(len, |field_max| len.min(field_max));
        let (max, adjustment, skip) =
            (self.frame_len_max as i128, self.adjustment as i128, self.skip as i128);
        // INVARIANT: with what is skipped in front, the item has a length that memory can have, and not zero: a frame that
        // takes no bytes would come again and again.
        let least = 0.max(-adjustment).max(1 - skip - adjustment);
        let most = max.min(isize::MAX as i128 - skip - adjustment);
        self.announced = if least <= most { (least as u64, most as u64) } else { (1, 0) };
        let (least, most) = (0.max(adjustment), max.min(field_max + adjustment));
        self.payload = if least <= most { (least as usize, most as usize) } else { (1, 0) };
    }

    /// How long the frame is with what is skipped in front of it, once the field is there.
    #[inline]
    pub(super) fn read(&self, src: &[u8]) -> Result<Option<usize>, LengthDelimitedCodecError> {
        // Mostly there are eight bytes, and no loop is needed.
        let word = src.get(self.offset..).and_then(|field| field.first_chunk::<8>());
        let announced = match (word, self.order) {
            (Some(word), Order::Big) => u64::from_be_bytes(*word) >> self.unused,
            (Some(word), Order::Little) => u64::from_le_bytes(*word) << self.unused >> self.unused,
            (None, _) if src.len() < self.needed => return Ok(None),
            (None, _) => self.gather(&src[self.offset..][..self.width]),
        };
        if announced < self.announced.0 || announced > self.announced.1 {
            return Err(self.fault(announced));
        }
        Ok(Some(self.total.wrapping_add(announced as usize)))
    }

    /// The number in a field behind which little follows.
    fn gather(&self, field: &[u8]) -> u64 {
        let push = |number, &byte: &u8| number << 8 | u64::from(byte);
        match self.order {
            Order::Big => field.iter().fold(0, push),
            Order::Little => field.iter().rev().fold(0, push),
        }
    }

    #[cold]
    fn fault(&self, announced: u64) -> LengthDelimitedCodecError {
        if announced > self.frame_len_max as u64 {
            return LengthDelimitedCodecError::FrameTooLong { announced, max: self.frame_len_max };
        }
        LengthDelimitedCodecError::AdjustedOutOfRange { announced }
    }

    /// The field for a payload of `len` bytes: bytes, and how many of them count.
    #[inline]
    pub(super) fn write(&self, len: usize) -> Result<([u8; 8], usize), LengthDelimitedCodecError> {
        if len < self.payload.0 || len > self.payload.1 {
            return Err(LengthDelimitedCodecError::PayloadLength { len });
        }
        let announced = len.wrapping_sub_signed(self.adjustment) as u64;
        let field = match self.order {
            Order::Big => announced << self.unused,
            Order::Little => announced.swap_bytes(),
        };
        Ok((field.to_be_bytes(), self.width))
    }
}
