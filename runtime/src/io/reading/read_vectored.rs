//! One read into several slices.

use std::future::Future;
use std::io::{self, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::io::AsyncRead;

/// One read into several slices; made by [`AsyncReadExt::read_vectored`](super::AsyncReadExt::read_vectored).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct ReadVectored<'a, 'b, R: ?Sized> {
    reader: &'a mut R,
    bufs: &'a mut [IoSliceMut<'b>],
}

impl<'a, 'b, R: ?Sized> ReadVectored<'a, 'b, R> {
    pub(super) fn new(reader: &'a mut R, bufs: &'a mut [IoSliceMut<'b>]) -> Self {
        Self { reader, bufs }
    }
}

impl<R: AsyncRead + Unpin + ?Sized> Future for ReadVectored<'_, '_, R> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let me = self.get_mut();
        Pin::new(&mut *me.reader).poll_read_vectored(cx, me.bufs)
    }
}
