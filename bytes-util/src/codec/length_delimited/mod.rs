//! Frames with their length in front.
//!
//! A frame has a head, in which the length stands somewhere, and a payload. [`Builder`] says where the length is, how
//! wide it is, in which order its bytes come, what it counts and how much of the head belongs to the item:
//!
//! ```text
//! | other head | length | other head | payload |
//! 0            offset   offset + field length
//!              \_______/               the number here, plus `length_adjustment`, ...
//! \_______________________/
//!   `num_skip` bytes are left out,     ... is how many bytes behind them are the item
//! ```
//!
//! `builder.rs` is the configuration, `head.rs` reads and writes the length, `error.rs` says what can be wrong with it.
//! The decoder has no state: the head is read again when more bytes have come, which costs a few instructions and
//! leaves the unfinished frame whole in the buffer.

mod builder;
mod error;
mod head;

pub use builder::{Builder, LengthField};
pub use error::LengthDelimitedCodecError;

use bytes::BufMut;
#[cfg(feature = "std")]
use bytes::{Buf, Bytes, BytesMut};

use super::SliceDecoder;
#[cfg(feature = "std")]
use crate::BufList;
use head::Head;

/// Takes and gives frames with their length in front.
///
/// [`new`](Self::new) is for four bytes of length, most significant first, up to 8 MiB; [`builder`](Self::builder) for
/// everything else.
///
/// ```
/// use bytes::{Bytes, BytesMut};
/// use minato_bytes_util::codec::{Decoder, Encoder, LengthDelimitedCodec};
///
/// let mut codec = LengthDelimitedCodec::builder()
///     .length_field_offset(1)
///     .length_field_length(3)
///     .length_adjustment(4)
///     .num_skip(0)
///     .new_codec();
/// let mut buf = BytesMut::from(&b"T\x00\x00\x02hi and more"[..]);
/// assert_eq!(codec.decode(&mut buf)?.as_deref(), Some(&b"T\x00\x00\x02hi"[..]));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LengthDelimitedCodec {
    head: Head,
}

impl LengthDelimitedCodec {
    /// A codec for four bytes of length, most significant first, and frames up to 8 MiB.
    #[must_use]
    pub fn new() -> Self {
        Builder::new().new_codec()
    }

    /// A codec of another shape.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The largest number that the length field may carry, in bytes.
    #[must_use]
    pub fn max_frame_length(&self) -> usize {
        self.head.frame_len_max
    }

    /// Changes the largest number that the length field may carry, for frames whose head is not yet complete.
    ///
    /// It is never more than the field can hold.
    pub fn set_max_frame_length(&mut self, len: usize) {
        self.head.set_frame_len_max(len);
    }

    /// Writes the length field for a payload of `len` bytes, behind which the payload is to follow.
    ///
    /// # Errors
    ///
    /// If the payload is longer than the codec allows, or than the field can say.
    ///
    /// # Panics
    ///
    /// If `dst` has no room.
    pub fn put_head(&self, len: usize, dst: &mut impl BufMut) -> Result<(), LengthDelimitedCodecError> {
        let (field, width) = self.head.write(len)?;
        dst.put_slice(&field[..width]);
        Ok(())
    }

    /// How many bytes the frame at the front of `src` needs in all, once its length is known.
    ///
    /// # Errors
    ///
    /// If the length is not allowed.
    pub fn announced_len(&self, src: &[u8]) -> Result<Option<usize>, LengthDelimitedCodecError> {
        self.head.read(src)
    }
}

impl Default for LengthDelimitedCodec {
    fn default() -> Self {
        Self::new()
    }
}

impl SliceDecoder for LengthDelimitedCodec {
    type Item<'a> = &'a [u8];
    type Error = LengthDelimitedCodecError;

    #[inline]
    fn decode_slice<'a>(
        &mut self,
        src: &mut &'a [u8],
    ) -> Result<Option<&'a [u8]>, LengthDelimitedCodecError> {
        let Some(len) = self.head.read(src)? else { return Ok(None) };
        let Some((frame, rest)) = src.split_at_checked(len) else { return Ok(None) };
        *src = rest;
        Ok(Some(&frame[self.head.skip..]))
    }
}

#[cfg(feature = "std")]
impl super::Decoder for LengthDelimitedCodec {
    type Item = BytesMut;
    type Error = std::io::Error;

    #[inline]
    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<BytesMut>, std::io::Error> {
        let Some(len) = self.head.read(src)? else { return Ok(None) };
        if src.len() < len {
            return Ok(None);
        }
        let mut frame = src.split_to(len);
        frame.advance(self.head.skip);
        Ok(Some(frame))
    }
}

#[cfg(feature = "std")]
impl super::Encoder<Bytes> for LengthDelimitedCodec {
    type Error = std::io::Error;

    fn encode(&mut self, data: Bytes, dst: &mut BytesMut) -> Result<(), std::io::Error> {
        dst.reserve(self.head.width + data.len());
        self.put_head(data.len(), dst)?;
        dst.put_slice(&data);
        Ok(())
    }

    fn encode_rope(&mut self, data: Bytes, dst: &mut BufList) -> Result<(), std::io::Error> {
        let (field, width) = self.head.write(data.len())?;
        dst.push_slice(&field[..width]);
        dst.push(data);
        Ok(())
    }
}

/// A payload in pieces, none of which is copied by `encode_rope` unless it is small.
#[cfg(feature = "std")]
impl super::Encoder<BufList> for LengthDelimitedCodec {
    type Error = std::io::Error;

    fn encode(&mut self, data: BufList, dst: &mut BytesMut) -> Result<(), std::io::Error> {
        dst.reserve(self.head.width + data.len());
        self.put_head(data.len(), dst)?;
        dst.put(data);
        Ok(())
    }

    fn encode_rope(&mut self, data: BufList, dst: &mut BufList) -> Result<(), std::io::Error> {
        let (field, width) = self.head.write(data.len())?;
        dst.push_slice(&field[..width]);
        dst.append(data);
        Ok(())
    }
}
