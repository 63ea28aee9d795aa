//! I/O traits and utilities.
//!
//! The traits have the shape of tokio's, so that code ports by changing a path, and add vectored reads:
//!
//! - [`AsyncRead`] fills a [`ReadBuf`], which may be uninitialised memory;
//! - [`AsyncWrite`] takes bytes, one slice or several;
//! - [`AsyncBufRead`] lends the bytes it holds;
//! - [`AsyncSeek`] moves the position of the next transfer.

mod async_buf_read;
mod async_read;
mod async_seek;
mod async_write;
mod read_buf;

#[cfg(feature = "tokio-io")]
pub mod tokio_compat;

pub use async_buf_read::AsyncBufRead;
pub use async_read::AsyncRead;
pub use async_seek::AsyncSeek;
pub use async_write::AsyncWrite;
pub use read_buf::ReadBuf;

pub use std::io::{Error, ErrorKind, IoSlice, IoSliceMut, Result, SeekFrom};
