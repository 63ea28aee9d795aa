//! Messages in a stream of bytes.
//!
//! gRPC over HTTP/2: `Length-Prefixed-Message → Compressed-Flag Message-Length Message`: one byte, four bytes in
//! network order, the message. `decoder.rs` takes bytes and gives messages, `encoder.rs` the reverse; neither does I/O.

mod decoder;
mod encoder;
mod fault;

pub(crate) use decoder::Decoder;
pub(crate) use encoder::{encode, encode_into, frame_len};
pub(crate) use fault::Fault;

/// The length of the flag and the message length.
pub(crate) const PREFIX_LEN: usize = 5;
