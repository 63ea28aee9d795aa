//! Text up to `\n` or `\r\n`.

#[cfg(feature = "std")]
use alloc::borrow::ToOwned;
#[cfg(feature = "std")]
use alloc::string::String;
use core::fmt;

#[cfg(feature = "std")]
use bytes::{Buf, BytesMut};

use super::SliceDecoder;
use super::delimited::{Delimited, Step, take};
use crate::limits::LINE_LEN_MAX;

/// Takes and gives lines of text.
///
/// A line ends with `\n` or `\r\n`, neither of which is part of it; the last one may lack its end. Lines are UTF-8.
/// A line beyond the limit is an error, and what follows of it is thrown away, so that decoding can go on with the
/// next line.
///
/// ```
/// use minato_bytes_util::codec::{LinesCodec, LinesCodecError, SliceDecoder};
///
/// let mut codec = LinesCodec::new_with_max_length(8);
/// let mut input = &b"short\r\nmuch too long\nnext\nunfini"[..];
/// assert_eq!(codec.decode_slice(&mut input)?, Some("short"));
/// assert!(matches!(codec.decode_slice(&mut input), Err(LinesCodecError::MaxLineLengthExceeded)));
/// assert_eq!(codec.decode_slice(&mut input)?, Some("next"));
/// assert_eq!(codec.decode_slice(&mut input)?, None);
/// assert_eq!(codec.decode_slice_eof(&mut input)?, Some("unfini"));
/// # Ok::<(), LinesCodecError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinesCodec {
    lines: Delimited,
}

/// Why there is no line.
#[derive(Debug)]
#[non_exhaustive]
pub enum LinesCodecError {
    /// The line is longer than the codec allows.
    MaxLineLengthExceeded,
    /// The line is not UTF-8. It has been taken, and the next one can be decoded.
    InvalidUtf8,
    /// The transport failed.
    #[cfg(feature = "std")]
    Io(std::io::Error),
}

impl fmt::Display for LinesCodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaxLineLengthExceeded => f.write_str("max line length exceeded"),
            Self::InvalidUtf8 => f.write_str("unable to decode input as UTF-8"),
            #[cfg(feature = "std")]
            Self::Io(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl core::error::Error for LinesCodecError {}

#[cfg(feature = "std")]
impl From<std::io::Error> for LinesCodecError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl LinesCodec {
    /// A codec for lines up to 1 MiB.
    #[must_use]
    pub const fn new() -> Self {
        Self::new_with_max_length(LINE_LEN_MAX)
    }

    /// A codec for lines up to `max_length` bytes, not counting `\n` but counting `\r`. `usize::MAX` trusts the peer.
    #[must_use]
    pub const fn new_with_max_length(max_length: usize) -> Self {
        Self { lines: Delimited::new(max_length) }
    }

    /// The longest line, in bytes.
    #[must_use]
    pub const fn max_length(&self) -> usize {
        self.lines.len_max()
    }

    #[inline]
    fn step(&mut self, src: &[u8]) -> Step {
        self.lines.step(src, |bytes| memchr::memchr(b'\n', bytes))
    }
}

impl Default for LinesCodec {
    fn default() -> Self {
        Self::new()
    }
}

fn text(line: &[u8]) -> Result<&str, LinesCodecError> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    core::str::from_utf8(line).map_err(|_| LinesCodecError::InvalidUtf8)
}

impl SliceDecoder for LinesCodec {
    type Item<'a> = &'a str;
    type Error = LinesCodecError;

    fn decode_slice<'a>(&mut self, src: &mut &'a [u8]) -> Result<Option<&'a str>, LinesCodecError> {
        loop {
            match self.step(src) {
                Step::More => return Ok(None),
                Step::Discard(len) => drop(take(src, len)),
                Step::TooLong => return Err(LinesCodecError::MaxLineLengthExceeded),
                Step::Piece(len) => {
                    let line = take(src, len + 1);
                    return text(&line[..len]).map(Some);
                }
            }
        }
    }

    fn decode_slice_eof<'a>(&mut self, src: &mut &'a [u8]) -> Result<Option<&'a str>, LinesCodecError> {
        if let Some(line) = self.decode_slice(src)? {
            return Ok(Some(line));
        }
        let Some(len) = self.lines.last_piece(src) else { return Ok(None) };
        match take(src, len) {
            b"\r" => Ok(None),
            line => text(line).map(Some),
        }
    }
}

#[cfg(feature = "std")]
impl super::Decoder for LinesCodec {
    type Item = String;
    type Error = LinesCodecError;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<String>, LinesCodecError> {
        loop {
            match self.step(src) {
                Step::More => return Ok(None),
                Step::Discard(len) => src.advance(len),
                Step::TooLong => return Err(LinesCodecError::MaxLineLengthExceeded),
                Step::Piece(len) => {
                    let line = text(&src[..len]).map(|line| Some(line.to_owned()));
                    src.advance(len + 1);
                    return line;
                }
            }
        }
    }

    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<String>, LinesCodecError> {
        if let Some(line) = self.decode(src)? {
            return Ok(Some(line));
        }
        let Some(len) = self.lines.last_piece(src) else { return Ok(None) };
        let line = match &src[..len] {
            b"\r" => Ok(None),
            line => text(line).map(|line| Some(line.to_owned())),
        };
        src.advance(len);
        line
    }
}

#[cfg(feature = "std")]
impl<T: AsRef<str>> super::Encoder<T> for LinesCodec {
    type Error = LinesCodecError;

    fn encode(&mut self, line: T, dst: &mut BytesMut) -> Result<(), LinesCodecError> {
        let line = line.as_ref();
        dst.reserve(line.len() + 1);
        dst.extend_from_slice(line.as_bytes());
        dst.extend_from_slice(b"\n");
        Ok(())
    }
}
