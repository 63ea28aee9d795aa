//! The pieces of a reader between delimiters.

use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::read_until::poll_read_until;
use crate::io::AsyncBufRead;

pin_project_lite::pin_project! {
    /// Reads pieces one after the other; made by [`AsyncBufReadExt::split`](super::AsyncBufReadExt::split).
    #[derive(Debug)]
    #[must_use = "pieces are read when asked for"]
    pub struct Split<R> {
        #[pin]
        reader: R,
        delimiter: u8,
        piece: Vec<u8>,
        read: usize,
    }
}

impl<R> Split<R> {
    pub(super) fn new(reader: R, delimiter: u8) -> Self {
        Self { reader, delimiter, piece: Vec::new(), read: 0 }
    }
}

impl<R: AsyncBufRead> Split<R> {
    /// The next piece without its delimiter, or `None` at the end of the reader.
    ///
    /// # Errors
    ///
    /// Those of the reader.
    ///
    /// # Cancel safety
    ///
    /// The part of a piece already read is kept here: nothing is lost when the future is dropped.
    pub async fn next_segment(&mut self) -> io::Result<Option<Vec<u8>>>
    where
        R: Unpin,
    {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next_segment(cx)).await
    }

    /// Attempts to read the next piece.
    ///
    /// # Errors
    ///
    /// Those of the reader.
    pub fn poll_next_segment(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Vec<u8>>>> {
        let me = self.project();
        ready!(poll_read_until(me.reader, cx, *me.delimiter, me.piece, me.read))?;
        let read = mem::take(me.read);
        let mut piece = mem::take(me.piece);
        if read == 0 && piece.is_empty() {
            return Poll::Ready(Ok(None));
        }
        if piece.last() == Some(me.delimiter) {
            piece.pop();
        }
        Poll::Ready(Ok(Some(piece)))
    }
}
