//! Frames on streams of bytes (feature `codec`).
//!
//! [`Framed`], [`FramedRead`] and [`FramedWrite`] drive a codec of `minato-bytes-util`, re-exported here, over anything
//! that reads or writes. They are a `Stream` and a `Sink`, and have methods of the same names that need neither.
//!
//! ```
//! use minato_runtime::codec::{Decoder, DecoderExt, LinesCodec};
//! use minato_runtime::io::duplex;
//!
//! # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let (client, server) = duplex(64);
//! let (mut client, mut server) = (LinesCodec::new().framed(client), LinesCodec::new().framed(server));
//! client.send("ahoy").await?;
//! assert_eq!(server.next().await.unwrap()?, "ahoy");
//! drop(client);
//! assert!(server.next().await.is_none());
//! # Ok::<(), minato_runtime::codec::LinesCodecError>(())
//! # }).unwrap();
//! ```
//!
//! What is different from tokio-util, whose names these are:
//!
//! - While nothing waits to be decoded or written, no buffer is held: an idle connection costs its own size. Buffers come
//!   from the thread and go back to it.
//! - A buffer grows with what has arrived, at most to twice of it, whatever length a peer announces.
//! - What is to be written is a [`BufList`]: a codec queues a large payload as it is, and one vectored write takes heads
//!   and payloads.
//! - Writing has two marks. A sink that holds as much as the high one is not ready until it has written down to the low
//!   one.
//! - [`FramedRead::fill`] with [`FramedRead::frames`] decodes without a reference count or a copy per frame.
//! - After an error and the `None` behind it, decoding goes on with what is in the buffer before more is read.
//!
//! # Cancel safety
//!
//! `next`, `fill`, `flush` and `close` may be dropped at any time: bytes that were read stay in the buffer, bytes that
//! were not written stay in the queue. A `send` that is dropped while it waits for room has not taken its item;
//! afterwards the item is queued as a whole, and the next `flush`, `send` or `close` writes what is left.
//!
//! # The files
//!
//! `inbound.rs` is the state of reading and `outbound.rs` that of writing, neither of which holds the transport; `framed.rs`,
//! `framed_read.rs` and `framed_write.rs` put a transport and a codec around them; `frames.rs` lends frames; `spare.rs`
//! keeps the buffers of a thread; `decoder_ext.rs` is the method [`framed`](DecoderExt::framed).

mod decoder_ext;
mod framed;
mod framed_read;
mod framed_write;
mod frames;
mod inbound;
mod outbound;
mod spare;

pub use decoder_ext::DecoderExt;
pub use framed::{Framed, FramedParts};
pub use framed_read::FramedRead;
pub use framed_write::FramedWrite;
pub use frames::Frames;
pub use minato_bytes_util::BufList;
pub use minato_bytes_util::codec::{
    AnyDelimiterCodec, AnyDelimiterCodecError, BytesCodec, Decoder, Encoder, LengthDelimitedCodec,
    LengthDelimitedCodecError, LinesCodec, LinesCodecError, SliceDecoder, length_delimited,
};
