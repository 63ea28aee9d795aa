//! Frames that are parts of the input.

/// Finds frames in a slice, without copying and without reference counts.
///
/// Call it until it answers `None`; then put more input behind what it left of the slice. An implementation may
/// remember what it has seen of the rest, so the next slice has to begin with it.
pub trait SliceDecoder {
    /// A frame, which may be part of the input.
    type Item<'a>;

    /// Why bytes are not a frame.
    type Error;

    /// Takes a frame from the front of `src`, which moves past it; `None` if more bytes are needed for one.
    ///
    /// # Errors
    ///
    /// If the bytes cannot be a frame.
    fn decode_slice<'a>(&mut self, src: &mut &'a [u8]) -> Result<Option<Self::Item<'a>>, Self::Error>;

    /// Takes a frame from the front of `src`, behind which nothing will come; `None` if there are no more.
    ///
    /// The provided method is [`decode_slice`](Self::decode_slice). Bytes left behind are an unfinished frame.
    ///
    /// # Errors
    ///
    /// As [`decode_slice`](Self::decode_slice).
    fn decode_slice_eof<'a>(&mut self, src: &mut &'a [u8]) -> Result<Option<Self::Item<'a>>, Self::Error> {
        self.decode_slice(src)
    }
}
