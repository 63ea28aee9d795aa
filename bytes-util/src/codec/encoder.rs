//! Bytes of frames.

use std::io;

use bytes::BytesMut;

use crate::BufList;

/// Makes bytes of frames.
///
/// The shape is that of tokio-util's trait of this name, with one method more.
pub trait Encoder<Item> {
    /// Why a frame has no bytes. It has to take up the errors of the transport.
    type Error: From<io::Error>;

    /// Appends the bytes of `item` to `dst`, which may hold earlier frames.
    ///
    /// # Errors
    ///
    /// If the frame cannot be encoded; nothing should be appended then.
    fn encode(&mut self, item: Item, dst: &mut BytesMut) -> Result<(), Self::Error>;

    /// Appends the bytes of `item` to a list, which can hold a large payload by reference.
    ///
    /// The provided method is [`encode`](Self::encode) into the tail of the list. `FramedWrite` calls this one.
    ///
    /// ```
    /// use bytes::{Buf, Bytes};
    /// use minato_bytes_util::BufList;
    /// use minato_bytes_util::codec::{Encoder, LengthDelimitedCodec};
    ///
    /// let payload = Bytes::from(vec![7; 64 * 1024]);
    /// let mut queue = BufList::new();
    /// LengthDelimitedCodec::new().encode_rope(payload.clone(), &mut queue)?;
    /// assert_eq!(queue.get_u32(), 64 * 1024);
    /// assert_eq!(queue.chunk().as_ptr(), payload.as_ptr());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode).
    fn encode_rope(&mut self, item: Item, dst: &mut BufList) -> Result<(), Self::Error> {
        dst.with_tail(|tail| self.encode(item, tail))
    }
}
