//! Buffer lists, pools, codecs and varints for network code.
//!
//! What every protocol layer needs and `bytes` leaves out:
//!
//! * [`BufList`], a rope of [`Bytes`](bytes::Bytes) that is a [`Buf`](bytes::Buf): what has arrived and is not yet
//!   decoded, or what is queued and not yet written; a [`BufListCursor`] reads it from any position;
//! * [`ByteRing`], a queue of bytes in memory of a fixed size, or growing up to one;
//! * [`Reassembler`], a stream from ranges that arrive in any order;
//! * `Pool`, a bounded store of large buffers whose `PooledBuf`s freeze into ordinary `Bytes` and come home when the
//!   last clone is dropped, and whose `AlignedBuf`s begin where the kernel wants them to;
//! * [`codec`], frames in streams of bytes: length-delimited, lines, any delimiter;
//! * [`varint`], numbers of variable length: LEB128, zigzag, QUIC, MQTT, Protobuf, SQLite;
//! * [`ByteStr`], text on top of `Bytes`; [`SliceReader`], typed reads that know their position; [`bits`], the same by the bit;
//! * [`marks`], the bytes of a class in a block, as bits;
//! * [`adapters`] that count, limit, copy or checksum what passes; [`hexdump`].
//!
//! The crate knows no socket, task or clock. `unsafe` is in `byte_str.rs` and `marks.rs` alone.
//!
//! # Features
//!
//! `std` is on by default. Without it the crate needs `alloc` only, and lacks what the standard library is needed for:
//! `Pool`, the traits `codec::{Decoder, Encoder}` (their errors are made of `std::io::Error`), vectored export and the
//! `std::io` side of the adapters.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(unsafe_code)]

extern crate alloc;

pub mod adapters;
pub mod bits;
pub mod codec;
pub mod marks;
pub mod varint;

mod buf_list;
mod byte_ring;
mod byte_str;
mod hexdump;
mod limits;
#[cfg(feature = "std")]
mod pool;
mod reassembler;
mod slice_reader;

pub use buf_list::{BufList, BufListCursor};
pub use byte_ring::{ByteRing, RingFull};
pub use byte_str::ByteStr;
pub use hexdump::{HexDump, hexdump};
#[cfg(feature = "std")]
pub use pool::{AlignedBuf, Pool, PoolStats, PooledBuf};
pub use reassembler::{Reassembler, ReassemblyError, ReassemblyErrorKind};
pub use slice_reader::{ShortInput, SliceReader};
