//! Buffers around readers and writers, and the methods of [`AsyncBufReadExt`].

mod buf_reader;
mod buf_stream;
mod buf_writer;
mod lines;
mod read_until;
mod segments;

pub use buf_reader::BufReader;
pub use buf_stream::BufStream;
pub use buf_writer::BufWriter;
pub use lines::Lines;
pub use read_until::{FillBuf, ReadLine, ReadUntil};
pub use segments::Split;

use std::pin::Pin;

use super::AsyncBufRead;

/// Room of a buffer unless the caller says otherwise; two of them fit a page pair and hold a usual HTTP head.
const DEFAULT_CAPACITY: usize = 8 * 1024;

/// The everyday methods of [`AsyncBufRead`].
///
/// # Examples
///
/// ```
/// use minato_runtime::io::{self, AsyncBufReadExt};
///
/// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let mut lines = (&b"one\ntwo\r\n"[..]).lines();
/// assert_eq!(lines.next_line().await?.as_deref(), Some("one"));
/// assert_eq!(lines.next_line().await?.as_deref(), Some("two"));
/// assert_eq!(lines.next_line().await?, None);
/// # Ok::<(), io::Error>(())
/// # })?;
/// # Ok::<(), io::Error>(())
/// ```
pub trait AsyncBufReadExt: AsyncBufRead {
    /// Lends the buffered bytes, reading more first if there are none; an empty slice is the end.
    ///
    /// Call [`consume`](Self::consume) for what was used.
    ///
    /// # Errors
    ///
    /// Those of the reader.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    fn fill_buf(&mut self) -> FillBuf<'_, Self>
    where
        Self: Unpin,
    {
        FillBuf::new(self)
    }

    /// Marks the first `amount` buffered bytes as read.
    fn consume(&mut self, amount: usize)
    where
        Self: Unpin,
    {
        Pin::new(self).consume(amount);
    }

    /// Reads up to and including `delimiter`, or to the end, appends to `buf`, and answers how many bytes were read.
    ///
    /// The caller bounds what a peer may send before the delimiter, with [`take`](super::AsyncReadExt::take).
    ///
    /// # Errors
    ///
    /// Those of the reader; what was read before the error is in `buf`.
    ///
    /// # Cancel safety
    ///
    /// What was read before the future was dropped is in `buf`: calling again goes on where it stopped.
    fn read_until<'a>(&'a mut self, delimiter: u8, buf: &'a mut Vec<u8>) -> ReadUntil<'a, Self>
    where
        Self: Unpin,
    {
        ReadUntil::new(self, delimiter, buf)
    }

    /// Reads up to and including the next line feed, or to the end, appends to `buf` as text, and answers how many
    /// bytes were read.
    ///
    /// # Errors
    ///
    /// `InvalidData` if the line is not UTF-8, and those of the reader; `buf` is then as before.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: the part of the line already read is lost; `buf` is as before. [`Lines`] keeps it.
    fn read_line<'a>(&'a mut self, buf: &'a mut String) -> ReadLine<'a, Self>
    where
        Self: Unpin,
    {
        ReadLine::new(self, buf)
    }

    /// The lines of this reader, without their ends.
    fn lines(self) -> Lines<Self>
    where
        Self: Sized,
    {
        Lines::new(self)
    }

    /// The pieces of this reader between `delimiter`s.
    fn split(self, delimiter: u8) -> Split<Self>
    where
        Self: Sized,
    {
        Split::new(self, delimiter)
    }
}

impl<R: AsyncBufRead + ?Sized> AsyncBufReadExt for R {}

#[cfg(all(test, not(loom)))]
mod tests;
