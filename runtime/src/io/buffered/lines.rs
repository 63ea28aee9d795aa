//! The lines of a reader.

use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::read_until::{not_text, poll_read_until};
use crate::io::AsyncBufRead;

pin_project_lite::pin_project! {
    /// Reads lines one after the other; made by [`AsyncBufReadExt::lines`](super::AsyncBufReadExt::lines).
    #[derive(Debug)]
    #[must_use = "lines are read when asked for"]
    pub struct Lines<R> {
        #[pin]
        reader: R,
        line: Vec<u8>,
        read: usize,
    }
}

impl<R> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, line: Vec::new(), read: 0 }
    }

    /// The reader.
    pub fn get_ref(&self) -> &R {
        &self.reader
    }

    /// The reader.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// Takes the reader out; the part of a line already read is lost.
    pub fn into_inner(self) -> R {
        self.reader
    }
}

impl<R: AsyncBufRead> Lines<R> {
    /// The next line without its end (`\n` or `\r\n`), or `None` at the end of the reader.
    ///
    /// # Errors
    ///
    /// `InvalidData` if the line is not UTF-8, and those of the reader.
    ///
    /// # Cancel safety
    ///
    /// The part of a line already read is kept here: nothing is lost when the future is dropped.
    pub async fn next_line(&mut self) -> io::Result<Option<String>>
    where
        R: Unpin,
    {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next_line(cx)).await
    }

    /// Attempts to read the next line.
    ///
    /// # Errors
    ///
    /// As [`next_line`](Self::next_line).
    pub fn poll_next_line(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Option<String>>> {
        let me = self.project();
        ready!(poll_read_until(me.reader, cx, b'\n', me.line, me.read))?;
        let read = mem::take(me.read);
        let mut line = mem::take(me.line);
        if read == 0 && line.is_empty() {
            return Poll::Ready(Ok(None));
        }
        if line.last() == Some(&b'\n') {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
        }
        Poll::Ready(String::from_utf8(line).map(Some).map_err(|_| not_text()))
    }
}
