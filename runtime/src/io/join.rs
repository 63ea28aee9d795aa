//! One stream made of a reader and a writer.

use std::pin::Pin;

use super::forward::{forward_buffered_reading, forward_reading, forward_writing};
use super::{AsyncBufRead, AsyncRead, AsyncWrite};

/// Makes one stream of a reader and a writer; the counterpart of [`split`](super::split).
///
/// # Examples
///
/// ```
/// use minato_runtime::io::{self, AsyncReadExt, AsyncWriteExt};
///
/// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let mut both = io::join(&b"in"[..], Vec::new());
/// let mut text = String::new();
/// both.read_to_string(&mut text).await?;
/// both.write_all(b"out").await?;
/// assert_eq!((text.as_str(), both.into_inner().1.as_slice()), ("in", &b"out"[..]));
/// # Ok::<(), io::Error>(())
/// # })?;
/// # Ok::<(), io::Error>(())
/// ```
pub fn join<R: AsyncRead, W: AsyncWrite>(reader: R, writer: W) -> Join<R, W> {
    Join { reader, writer }
}

pin_project_lite::pin_project! {
    /// Reads from one value and writes to another; made by [`join`].
    #[derive(Debug)]
    pub struct Join<R, W> {
        #[pin]
        reader: R,
        #[pin]
        writer: W,
    }
}

impl<R, W> Join<R, W> {
    /// Takes the two apart.
    pub fn into_inner(self) -> (R, W) {
        (self.reader, self.writer)
    }

    /// The reader.
    pub fn reader(&self) -> &R {
        &self.reader
    }

    /// The writer.
    pub fn writer(&self) -> &W {
        &self.writer
    }

    /// The reader.
    pub fn reader_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The writer.
    pub fn writer_mut(&mut self) -> &mut W {
        &mut self.writer
    }

    /// The reader, pinned.
    pub fn reader_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().reader
    }

    /// The writer, pinned.
    pub fn writer_pin_mut(self: Pin<&mut Self>) -> Pin<&mut W> {
        self.project().writer
    }
}

impl<R: AsyncRead, W> AsyncRead for Join<R, W> {
    forward_reading!(reader);
}

impl<R: AsyncBufRead, W> AsyncBufRead for Join<R, W> {
    forward_buffered_reading!(reader);
}

impl<R, W: AsyncWrite> AsyncWrite for Join<R, W> {
    forward_writing!(writer);
}
