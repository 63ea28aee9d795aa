//! Bytes up to one of several delimiters.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

#[cfg(feature = "std")]
use bytes::{Buf, Bytes, BytesMut};

use super::SliceDecoder;
use super::delimited::{Delimited, Step, take};
use crate::limits::CHUNK_LEN_MAX;

/// Takes chunks that end with any of several bytes, and gives chunks behind which a sequence is written.
///
/// A chunk beyond the limit is an error, and what follows of it is thrown away, so that decoding can go on with the
/// next chunk.
///
/// ```
/// use minato_bytes_util::codec::{AnyDelimiterCodec, SliceDecoder};
///
/// let mut codec = AnyDelimiterCodec::new(b",;\r\n".to_vec(), b";".to_vec());
/// let mut input = &b"one,two;three"[..];
/// assert_eq!(codec.decode_slice(&mut input)?, Some(&b"one"[..]));
/// assert_eq!(codec.decode_slice(&mut input)?, Some(&b"two"[..]));
/// assert_eq!(codec.decode_slice(&mut input)?, None);
/// assert_eq!(codec.decode_slice_eof(&mut input)?, Some(&b"three"[..]));
/// # Ok::<(), minato_bytes_util::codec::AnyDelimiterCodecError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnyDelimiterCodec {
    chunks: Delimited,
    delimiters: Delimiters,
    sequence_writer: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Delimiters {
    Few(Vec<u8>),
    /// More than `memchr` looks for at once: whether a byte is one of them.
    Many(Box<[bool; 256]>),
}

impl Delimiters {
    fn find(&self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Few(few) => match few[..] {
                [] => None,
                [a] => memchr::memchr(a, bytes),
                [a, b] => memchr::memchr2(a, b, bytes),
                [a, b, c, ..] => memchr::memchr3(a, b, c, bytes),
            },
            Self::Many(table) => bytes.iter().position(|&byte| table[usize::from(byte)]),
        }
    }
}

/// Why there is no chunk.
#[derive(Debug)]
#[non_exhaustive]
pub enum AnyDelimiterCodecError {
    /// The chunk is longer than the codec allows.
    MaxChunkLengthExceeded,
    /// The transport failed.
    #[cfg(feature = "std")]
    Io(std::io::Error),
}

impl fmt::Display for AnyDelimiterCodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaxChunkLengthExceeded => f.write_str("max chunk length exceeded"),
            #[cfg(feature = "std")]
            Self::Io(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl core::error::Error for AnyDelimiterCodecError {}

#[cfg(feature = "std")]
impl From<std::io::Error> for AnyDelimiterCodecError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl AnyDelimiterCodec {
    /// A codec for chunks up to 1 MiB that end with one of `seek_delimiters`, and are written with `sequence_writer`
    /// behind them.
    #[must_use]
    pub fn new(seek_delimiters: Vec<u8>, sequence_writer: Vec<u8>) -> Self {
        Self::new_with_max_length(seek_delimiters, sequence_writer, CHUNK_LEN_MAX)
    }

    /// As [`new`](Self::new), for chunks up to `max_length` bytes without the delimiter. `usize::MAX` trusts the peer.
    #[must_use]
    pub fn new_with_max_length(
        seek_delimiters: Vec<u8>,
        sequence_writer: Vec<u8>,
        max_length: usize,
    ) -> Self {
        let delimiters = if seek_delimiters.len() <= 3 {
            Delimiters::Few(seek_delimiters)
        } else {
            let mut table = Box::new([false; 256]);
            seek_delimiters.iter().for_each(|&byte| table[usize::from(byte)] = true);
            Delimiters::Many(table)
        };
        Self { chunks: Delimited::new(max_length), delimiters, sequence_writer }
    }

    /// The longest chunk, in bytes.
    #[must_use]
    pub const fn max_length(&self) -> usize {
        self.chunks.len_max()
    }

    fn step(&mut self, src: &[u8]) -> Step {
        self.chunks.step(src, |bytes| self.delimiters.find(bytes))
    }
}

/// Ends chunks at `,`, `;`, `\n` and `\r`, and writes `,` behind them.
impl Default for AnyDelimiterCodec {
    fn default() -> Self {
        Self::new(b",;\n\r".to_vec(), b",".to_vec())
    }
}

impl SliceDecoder for AnyDelimiterCodec {
    type Item<'a> = &'a [u8];
    type Error = AnyDelimiterCodecError;

    fn decode_slice<'a>(&mut self, src: &mut &'a [u8]) -> Result<Option<&'a [u8]>, AnyDelimiterCodecError> {
        loop {
            match self.step(src) {
                Step::More => return Ok(None),
                Step::Discard(len) => drop(take(src, len)),
                Step::TooLong => return Err(AnyDelimiterCodecError::MaxChunkLengthExceeded),
                Step::Piece(len) => return Ok(Some(&take(src, len + 1)[..len])),
            }
        }
    }

    fn decode_slice_eof<'a>(
        &mut self,
        src: &mut &'a [u8],
    ) -> Result<Option<&'a [u8]>, AnyDelimiterCodecError> {
        if let Some(chunk) = self.decode_slice(src)? {
            return Ok(Some(chunk));
        }
        Ok(self.chunks.last_piece(src).map(|len| take(src, len)))
    }
}

#[cfg(feature = "std")]
impl super::Decoder for AnyDelimiterCodec {
    type Item = Bytes;
    type Error = AnyDelimiterCodecError;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Bytes>, AnyDelimiterCodecError> {
        loop {
            match self.step(src) {
                Step::More => return Ok(None),
                Step::Discard(len) => src.advance(len),
                Step::TooLong => return Err(AnyDelimiterCodecError::MaxChunkLengthExceeded),
                Step::Piece(len) => {
                    let chunk = src.split_to(len).freeze();
                    src.advance(1);
                    return Ok(Some(chunk));
                }
            }
        }
    }

    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Bytes>, AnyDelimiterCodecError> {
        if let Some(chunk) = self.decode(src)? {
            return Ok(Some(chunk));
        }
        Ok(self.chunks.last_piece(src).map(|len| src.split_to(len).freeze()))
    }
}

#[cfg(feature = "std")]
impl<T: AsRef<str>> super::Encoder<T> for AnyDelimiterCodec {
    type Error = AnyDelimiterCodecError;

    fn encode(&mut self, chunk: T, dst: &mut BytesMut) -> Result<(), AnyDelimiterCodecError> {
        let chunk = chunk.as_ref();
        dst.reserve(chunk.len() + self.sequence_writer.len());
        dst.extend_from_slice(chunk.as_bytes());
        dst.extend_from_slice(&self.sequence_writer);
        Ok(())
    }
}
