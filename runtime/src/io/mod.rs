//! I/O traits and utilities.
//!
//! The traits have the shape of tokio's, so that code ports by changing a path, and add vectored reads:
//!
//! - [`AsyncRead`] fills a [`ReadBuf`], which may be uninitialised memory;
//! - [`AsyncWrite`] takes bytes, one slice or several;
//! - [`AsyncBufRead`] lends the bytes it holds;
//! - [`AsyncSeek`] moves the position of the next transfer.
//!
//! Their everyday methods are in the traits of the same name with `Ext` at the end. Around them: buffers
//! ([`BufReader`], [`BufWriter`], [`BufStream`]), copies ([`copy`], [`copy_buf`], [`copy_bidirectional`]), streams in
//! memory ([`duplex`], [`simplex`], [`empty`], [`repeat`], [`sink`]), [`split`] and [`join`](fn@join), what passes
//! ([`InspectReader`], [`InspectWriter`]), exact transfers that survive a dropped future ([`Resumable`]), streams of
//! chunks (`ReaderStream`, `StreamReader`, `SinkWriter`: feature `stream`), and code that blocks ([`SyncIoBridge`]). With
//! the feature `codec`, `BufList` and `ByteRing` of `minato-bytes-util` are readers and writers.
//!
//! The standard streams of the process are `stdin`, `stdout` and `stderr` (feature `io-std`).
//!
//! [`AsyncFd`] waits for descriptors of other libraries; `futures_compat` and `tokio_compat` (features `futures-io`
//! and `tokio-io`) bridge to other traits.

mod async_buf_read;
mod async_read;
mod async_seek;
mod async_write;
mod buffered;
mod copy;
mod copy_bidirectional;
mod duplex;
mod forward;
mod inspect;
mod join;
#[cfg(target_os = "linux")]
mod peer_credentials;
mod read_buf;
mod reading;
mod resumable;
#[cfg(feature = "codec")]
mod ropes;
mod seeking;
mod simplex;
mod socket_option;
mod split;
#[cfg(feature = "io-std")]
mod stdio;
#[cfg(feature = "stream")]
mod streams;
mod sync_io_bridge;
mod void;
mod writing;

#[cfg(feature = "futures-io")]
pub mod futures_compat;
#[cfg(feature = "tokio-io")]
pub mod tokio_compat;

#[cfg(all(test, not(loom)))]
mod tests;

pub use async_buf_read::AsyncBufRead;
pub use async_read::AsyncRead;
pub use async_seek::AsyncSeek;
pub use async_write::AsyncWrite;
pub use buffered::{
    AsyncBufReadExt, BufReader, BufStream, BufWriter, FillBuf, Lines, ReadLine, ReadUntil, Split,
};
pub use copy::{copy, copy_buf};
pub use copy_bidirectional::{copy_bidirectional, copy_bidirectional_with_sizes};
pub use duplex::{DuplexStream, duplex};
pub use inspect::{InspectReader, InspectWriter};
pub use join::{Join, join};
#[cfg(target_os = "linux")]
pub use peer_credentials::PeerCredentials;
pub use read_buf::ReadBuf;
pub use reading::{
    AsyncReadExt, Chain, Read, ReadExact, ReadInto, ReadNumber, ReadToEnd, ReadToString, ReadVectored, Take,
    poll_read_buf, read_exact_arc,
};
pub use resumable::{ReadResumable, Resumable, WriteResumable};
pub use seeking::{AsyncSeekExt, Seek};
pub use simplex::{SimplexReader, SimplexStream, SimplexWriter, simplex};
pub use socket_option::SocketOption;
pub use split::{ReadHalf, WriteHalf, split};
#[cfg(feature = "io-std")]
pub use stdio::{Stderr, Stdin, Stdout, stderr, stdin, stdout};
#[cfg(feature = "stream")]
pub use streams::{CopyToBytes, ReaderStream, SinkWriter, StreamReader};
pub use sync_io_bridge::SyncIoBridge;
pub use void::{Empty, Repeat, Sink, empty, repeat, sink};
pub use writing::{
    AsyncWriteExt, Flush, Shutdown, Write, WriteAll, WriteAllFrom, WriteAllVectored, WriteFrom, WriteNumber,
    WriteVectored, poll_write_buf,
};

pub use crate::driver::{
    AsyncFd, AsyncFdReadyGuard, AsyncFdReadyMutGuard, AsyncFdTryNewError, Interest, PollEvented, Ready,
    ReadyEvent, TryIoError,
};
pub use std::io::{Error, ErrorKind, IoSlice, IoSliceMut, Result, SeekFrom};
