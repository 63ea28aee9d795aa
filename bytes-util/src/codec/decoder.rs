//! Frames that own their bytes.

use std::io;

use bytes::BytesMut;

/// Finds frames in a buffer that grows.
///
/// The shape is that of tokio-util's trait of this name.
///
/// ```
/// use bytes::{Buf, BytesMut};
/// use minato_bytes_util::codec::Decoder;
///
/// /// Numbers of four bytes.
/// struct Numbers;
///
/// impl Decoder for Numbers {
///     type Item = u32;
///     type Error = std::io::Error;
///
///     fn decode(&mut self, src: &mut BytesMut) -> Result<Option<u32>, std::io::Error> {
///         Ok(src.try_get_u32().ok())
///     }
/// }
///
/// let mut buf = BytesMut::from(&[0, 0, 0, 7, 0, 0][..]);
/// assert_eq!(Numbers.decode(&mut buf)?, Some(7));
/// assert_eq!(Numbers.decode(&mut buf)?, None);
/// // Nothing comes behind it: the number was cut.
/// assert!(Numbers.decode_eof(&mut buf).is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait Decoder {
    /// A frame.
    type Item;

    /// Why bytes are not a frame. It has to take up the errors of the transport.
    type Error: From<io::Error>;

    /// Takes a frame from the front of `src`; `None` if more bytes are needed for one.
    ///
    /// The caller asks again until it gets `None`, then reads more behind what is left in `src`. To reserve memory is
    /// the caller's affair: a decoder that reserves what a peer announces lets it fill the memory with small messages.
    ///
    /// # Errors
    ///
    /// If the bytes cannot be a frame. A stream of frames ends then.
    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Self::Error>;

    /// Takes a frame from the front of `src`, behind which nothing will come; `None` if there are no more.
    ///
    /// The provided method is [`decode`](Self::decode), and an error where bytes are left that are no frame.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode), and of kind `Other` ("bytes remaining on stream") as said above.
    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Self::Error> {
        match self.decode(src)? {
            None if !src.is_empty() => Err(io::Error::other("bytes remaining on stream").into()),
            frame => Ok(frame),
        }
    }
}
