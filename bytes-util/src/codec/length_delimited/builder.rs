//! The shape of a head.

use super::LengthDelimitedCodec;
use super::head::{Head, Order};
use crate::limits::FRAME_LEN_MAX;

/// Says where in a frame its length is, and what it counts.
///
/// | setting | default |
/// |---|---|
/// | [`length_field_offset`](Self::length_field_offset) | 0 |
/// | [`length_field_length`](Self::length_field_length) | 4 bytes |
/// | [`length_adjustment`](Self::length_adjustment) | 0 |
/// | [`num_skip`](Self::num_skip) | everything up to the end of the length |
/// | [`max_frame_length`](Self::max_frame_length) | 8 MiB |
/// | byte order | [`big_endian`](Self::big_endian) |
#[derive(Clone, Copy, Debug)]
#[must_use = "a builder makes a codec only when it is asked to"]
pub struct Builder {
    order: Order,
    offset: usize,
    width: usize,
    adjustment: isize,
    skip: Option<usize>,
    frame_len_max: usize,
}

/// An unsigned integer that can be a length field; see [`Builder::length_field_type`].
///
/// Sealed: it is implemented for `u8`, `u16`, `u32`, `u64` and `usize`.
pub trait LengthField: sealed::Sealed {}

mod sealed {
    pub trait Sealed {}
}

macro_rules! length_fields {
    ($($type:ident)*) => {$(
        impl sealed::Sealed for $type {}
        impl LengthField for $type {}
    )*};
}

length_fields!(u8 u16 u32 u64 usize);

impl Builder {
    /// The shape of [`LengthDelimitedCodec::new`].
    pub fn new() -> Self {
        Self {
            order: Order::Big,
            offset: 0,
            width: 4,
            adjustment: 0,
            skip: None,
            frame_len_max: FRAME_LEN_MAX,
        }
    }

    /// The most significant byte of the length comes first.
    pub fn big_endian(&mut self) -> &mut Self {
        self.order = Order::Big;
        self
    }

    /// The least significant byte of the length comes first.
    pub fn little_endian(&mut self) -> &mut Self {
        self.order = Order::Little;
        self
    }

    /// The bytes of the length come as this machine has them.
    pub fn native_endian(&mut self) -> &mut Self {
        self.order = if cfg!(target_endian = "big") { Order::Big } else { Order::Little };
        self
    }

    /// The largest number that the length field may carry, in bytes. It is never more than the field can hold.
    pub fn max_frame_length(&mut self, len: usize) -> &mut Self {
        self.frame_len_max = len;
        self
    }

    /// The length field is as wide as `T`.
    pub fn length_field_type<T: LengthField>(&mut self) -> &mut Self {
        self.length_field_length(size_of::<T>())
    }

    /// The length field has `bytes` bytes.
    ///
    /// # Panics
    ///
    /// If that is not 1 to 8.
    pub fn length_field_length(&mut self, bytes: usize) -> &mut Self {
        assert!((1..=8).contains(&bytes), "a length field has 1 to 8 bytes, not {bytes}");
        self.width = bytes;
        self
    }

    /// There are `bytes` bytes of head in front of the length field.
    pub fn length_field_offset(&mut self, bytes: usize) -> &mut Self {
        self.offset = bytes;
        self
    }

    /// The item has so many bytes more, or fewer, than the field says: where the length counts parts of the head, or
    /// leaves out parts of the item.
    pub fn length_adjustment(&mut self, bytes: isize) -> &mut Self {
        self.adjustment = bytes;
        self
    }

    /// The item begins `bytes` bytes behind the start of the frame; what is before it is left out.
    pub fn num_skip(&mut self, bytes: usize) -> &mut Self {
        self.skip = Some(bytes);
        self
    }

    /// A codec of this shape.
    ///
    /// # Panics
    ///
    /// If the head is longer than memory can be.
    #[must_use]
    pub fn new_codec(&self) -> LengthDelimitedCodec {
        let mut head = Head::new(self.order, self.offset, self.width, self.adjustment, self.skip);
        head.set_frame_len_max(self.frame_len_max);
        LengthDelimitedCodec { head }
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}
