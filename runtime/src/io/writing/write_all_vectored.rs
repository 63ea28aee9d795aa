//! Writing several slices whole.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::io::AsyncWrite;

/// Writes several slices whole; made by
/// [`AsyncWriteExt::write_all_vectored`](super::AsyncWriteExt::write_all_vectored).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct WriteAllVectored<'a, 'b, W: ?Sized> {
    writer: &'a mut W,
    left: &'a mut [IoSlice<'b>],
}

impl<'a, 'b, W: ?Sized> WriteAllVectored<'a, 'b, W> {
    pub(super) fn new(writer: &'a mut W, bufs: &'a mut [IoSlice<'b>]) -> Self {
        Self { writer, left: bufs }
    }
}

impl<W: AsyncWrite + Unpin + ?Sized> Future for WriteAllVectored<'_, '_, W> {
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let me = self.get_mut();
        // Empty slices at the start would make a write of nothing look like a writer that takes nothing.
        IoSlice::advance_slices(&mut me.left, 0);
        while !me.left.is_empty() {
            match ready!(Pin::new(&mut *me.writer).poll_write_vectored(cx, me.left))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => IoSlice::advance_slices(&mut me.left, written),
            }
        }
        Poll::Ready(Ok(()))
    }
}
