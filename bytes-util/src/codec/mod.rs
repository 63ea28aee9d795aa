//! Frames in streams of bytes.
//!
//! A codec finds frames in what has arrived, and makes bytes of frames. It knows no socket: `Framed`, `FramedRead` and
//! `FramedWrite` of `minato-runtime` drive it, and so can any loop.
//!
//! Three ways of one codec:
//!
//! | trait | takes | gives | costs |
//! |---|---|---|---|
//! | `Decoder` | a `BytesMut` | frames that own their bytes | a reference count or an allocation per frame |
//! | [`SliceDecoder`] | a slice | frames that are parts of it | nothing |
//! | `Encoder` | a frame | bytes in a `BytesMut`, or pieces in a [`BufList`](crate::BufList) | a copy, or none of a large payload |
//!
//! `Decoder` and `Encoder` have the shape of tokio-util's, so that codecs port by changing a path. What is different:
//!
//! - No codec reserves memory for a length that a peer announces: memory grows with the bytes that have arrived.
//! - [`LinesCodec`] and [`AnyDelimiterCodec`] have a limit unless told otherwise.
//! - `Encoder::encode_rope`, which has a default, lets a codec queue a payload instead of copying it.
//!
//! | codec | frames |
//! |---|---|
//! | [`LengthDelimitedCodec`] | a length in front, anywhere in a head of any shape |
//! | [`LinesCodec`] | text up to `\n` or `\r\n` |
//! | [`AnyDelimiterCodec`] | bytes up to one of several delimiters |
//! | [`BytesCodec`] | whatever is there |
//!
//! ```
//! use minato_bytes_util::codec::{LengthDelimitedCodec, SliceDecoder};
//!
//! let mut codec = LengthDelimitedCodec::builder().length_field_type::<u16>().new_codec();
//! let mut input = &b"\x00\x03abc\x00\x02de\x00\x09unfinished"[..];
//! assert_eq!(codec.decode_slice(&mut input)?, Some(&b"abc"[..]));
//! assert_eq!(codec.decode_slice(&mut input)?, Some(&b"de"[..]));
//! assert_eq!(codec.decode_slice(&mut input)?, Some(&b"unfinishe"[..]));
//! assert_eq!(codec.decode_slice(&mut input)?, None);
//! assert_eq!(input, b"d");
//! # Ok::<(), minato_bytes_util::codec::LengthDelimitedCodecError>(())
//! ```

mod any_delimiter;
mod bytes_codec;
#[cfg(feature = "std")]
mod decoder;
mod delimited;
#[cfg(feature = "std")]
mod encoder;
pub mod length_delimited;
mod lines;
mod slice_decoder;

pub use any_delimiter::{AnyDelimiterCodec, AnyDelimiterCodecError};
pub use bytes_codec::BytesCodec;
#[cfg(feature = "std")]
pub use decoder::Decoder;
#[cfg(feature = "std")]
pub use encoder::Encoder;
pub use length_delimited::{LengthDelimitedCodec, LengthDelimitedCodecError};
pub use lines::{LinesCodec, LinesCodecError};
pub use slice_decoder::SliceDecoder;
