//! The methods of [`AsyncSeekExt`].

use std::future::Future;
use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::AsyncSeek;

/// The everyday methods of [`AsyncSeek`].
pub trait AsyncSeekExt: AsyncSeek {
    /// Moves the position and answers it, counted from the start.
    ///
    /// # Errors
    ///
    /// If the position is invalid, and those of the stream.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: whether the position moved is then unknown.
    fn seek(&mut self, position: SeekFrom) -> Seek<'_, Self>
    where
        Self: Unpin,
    {
        Seek { stream: self, start: Some(position) }
    }

    /// Moves to the start.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: whether the position moved is then unknown.
    fn rewind(&mut self) -> Seek<'_, Self>
    where
        Self: Unpin,
    {
        self.seek(SeekFrom::Start(0))
    }

    /// The position, counted from the start.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    fn stream_position(&mut self) -> Seek<'_, Self>
    where
        Self: Unpin,
    {
        self.seek(SeekFrom::Current(0))
    }
}

impl<S: AsyncSeek + ?Sized> AsyncSeekExt for S {}

/// Moves the position of a stream; made by the methods of [`AsyncSeekExt`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Seek<'a, S: ?Sized> {
    stream: &'a mut S,
    start: Option<SeekFrom>,
}

impl<S: AsyncSeek + Unpin + ?Sized> Future for Seek<'_, S> {
    type Output = io::Result<u64>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let me = self.get_mut();
        if let Some(position) = me.start.take() {
            Pin::new(&mut *me.stream).start_seek(position)?;
        }
        Pin::new(&mut *me.stream).poll_complete(cx)
    }
}
