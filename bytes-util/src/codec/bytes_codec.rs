//! No frames at all.

#[cfg(feature = "std")]
use bytes::{Bytes, BytesMut};

use super::SliceDecoder;

/// Gives out what has arrived as it is, and writes what it is given.
///
/// ```
/// use minato_bytes_util::codec::{BytesCodec, SliceDecoder};
///
/// let mut input = &b"anything"[..];
/// assert_eq!(BytesCodec::new().decode_slice(&mut input), Ok(Some(&b"anything"[..])));
/// assert_eq!(BytesCodec::new().decode_slice(&mut input), Ok(None));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BytesCodec(());

impl BytesCodec {
    /// A codec; there is nothing to configure.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl SliceDecoder for BytesCodec {
    type Item<'a> = &'a [u8];
    type Error = core::convert::Infallible;

    fn decode_slice<'a>(&mut self, src: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Self::Error> {
        let all = core::mem::take(src);
        Ok((!all.is_empty()).then_some(all))
    }
}

#[cfg(feature = "std")]
impl super::Decoder for BytesCodec {
    type Item = BytesMut;
    type Error = std::io::Error;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<BytesMut>, Self::Error> {
        Ok((!src.is_empty()).then(|| src.split()))
    }
}

#[cfg(feature = "std")]
impl super::Encoder<Bytes> for BytesCodec {
    type Error = std::io::Error;

    fn encode(&mut self, data: Bytes, dst: &mut BytesMut) -> Result<(), Self::Error> {
        dst.extend_from_slice(&data);
        Ok(())
    }

    fn encode_rope(&mut self, data: Bytes, dst: &mut crate::BufList) -> Result<(), Self::Error> {
        dst.push(data);
        Ok(())
    }
}

#[cfg(feature = "std")]
impl super::Encoder<BytesMut> for BytesCodec {
    type Error = std::io::Error;

    fn encode(&mut self, data: BytesMut, dst: &mut BytesMut) -> Result<(), Self::Error> {
        dst.extend_from_slice(&data);
        Ok(())
    }

    fn encode_rope(&mut self, data: BytesMut, dst: &mut crate::BufList) -> Result<(), Self::Error> {
        dst.push(data.freeze());
        Ok(())
    }
}
