//! A reader cut short.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::io::{AsyncBufRead, AsyncRead, ReadBuf};

pin_project_lite::pin_project! {
    /// A reader that ends after a number of bytes; made by [`AsyncReadExt::take`](super::AsyncReadExt::take).
    #[derive(Debug)]
    #[must_use = "readers do nothing unless read"]
    pub struct Take<R> {
        #[pin]
        inner: R,
        limit: u64,
    }
}

impl<R> Take<R> {
    pub(super) fn new(inner: R, limit: u64) -> Self {
        Self { inner, limit }
    }

    /// How many bytes may still be read; fewer if the inner reader ends first.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Sets how many bytes may still be read, whatever was read before.
    pub fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// The inner reader.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The inner reader; reading from it does not count.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The inner reader, pinned; reading from it does not count.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().inner
    }

    /// Takes the inner reader out.
    pub fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: AsyncRead> AsyncRead for Take<R> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = self.project();
        if *me.limit == 0 {
            return Poll::Ready(Ok(()));
        }
        let limit = usize::try_from(*me.limit).unwrap_or(usize::MAX);
        let read = buf.with_limit(limit, |lent| {
            let polled = me.inner.poll_read(cx, lent);
            polled.map_ok(|()| lent.filled().len())
        });
        let read = ready!(read)?;
        // Never more than the limit: the lent buffer had no more room.
        *me.limit -= read as u64;
        Poll::Ready(Ok(()))
    }
}

impl<R: AsyncBufRead> AsyncBufRead for Take<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let me = self.project();
        if *me.limit == 0 {
            return Poll::Ready(Ok(&[]));
        }
        let buf = ready!(me.inner.poll_fill_buf(cx))?;
        let length = usize::try_from(*me.limit).map_or(buf.len(), |limit| limit.min(buf.len()));
        Poll::Ready(Ok(&buf[..length]))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let me = self.project();
        let amount = usize::try_from(*me.limit).map_or(amount, |limit| limit.min(amount));
        *me.limit -= amount as u64;
        me.inner.consume(amount);
    }
}
