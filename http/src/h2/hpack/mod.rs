//! Field blocks: HPACK (RFC 7541), and what HTTP/2 asks of the fields in them (RFC 9113 §8.2, §8.3).
//!
//! | file | what it holds |
//! |---|---|
//! | `huffman.rs` | the code of strings |
//! | `integer.rs` | numbers with a prefix |
//! | `known.rs` | the static table |
//! | `field.rs` | one field, typed and checked once, however often it is referred to |
//! | `table.rs` | the dynamic table of a decoder |
//! | `again.rs` | literals that come again |
//! | `decoder.rs` | a block becomes a section |
//! | `section.rs` | what a block said, and whether it makes a request, a response or trailers |
//! | `encoder.rs` | heads and trailers become a block |
//! | `sent.rs` | the dynamic table of an encoder, and which fields are worth a place in it |
//!
//! Two kinds of fault are told apart. A block that cannot be read, [`CompressionError`], ends the connection: the tables of
//! the two sides may differ from then on. A block that can be read and says something no message may say is a fault of
//! its stream; it is read to its end so that the tables stay the same.

mod again;
mod decoder;
mod encoder;
mod field;
mod huffman;
mod integer;
mod known;
mod section;
mod sent;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use self::decoder::Decoder;
pub(crate) use self::encoder::{Encoder, RequestPseudo};
pub(crate) use self::section::{FieldLimits, RequestHead, ResponseHead, Section};

/// A block that cannot be read: COMPRESSION_ERROR, of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CompressionError;

/// The table size that both sides start with (RFC 9113 §6.5.2).
pub(crate) const TABLE_BYTES: u32 = 4096;

/// What an entry takes beside its name and value (RFC 7541 §4.1), and a field of a list (RFC 9113 §6.5.2).
const OVERHEAD_BYTES: usize = 32;
