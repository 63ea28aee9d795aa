//! A reader as a stream of chunks.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;

use crate::io::AsyncRead;
use crate::io::reading::poll_read_buf_limited;

/// Room of a chunk unless the caller says otherwise, in bytes.
const DEFAULT_CAPACITY: usize = 4 * 1024;

pin_project_lite::pin_project! {
    /// The bytes of a reader as a `Stream` of chunks, which ends with the reader or after its first error.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use minato_runtime::io::{self, ReaderStream};
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let mut chunks = ReaderStream::with_capacity(&b"hello"[..], 3);
    /// assert_eq!(chunks.next().await.unwrap()?, "hel");
    /// assert_eq!(chunks.next().await.unwrap()?, "lo");
    /// assert!(chunks.next().await.is_none());
    /// # Ok::<(), io::Error>(())
    /// # })?;
    /// # Ok::<(), io::Error>(())
    /// ```
    #[derive(Debug)]
    pub struct ReaderStream<R> {
        // Gone after the end or an error.
        #[pin]
        reader: Option<R>,
        buf: BytesMut,
        capacity: usize,
    }
}

impl<R: AsyncRead> ReaderStream<R> {
    /// Reads chunks of up to 4 KiB.
    pub fn new(reader: R) -> Self {
        Self::with_capacity(reader, DEFAULT_CAPACITY)
    }

    /// Reads chunks of up to `capacity` bytes.
    pub fn with_capacity(reader: R, capacity: usize) -> Self {
        Self { reader: Some(reader), buf: BytesMut::new(), capacity: capacity.max(1) }
    }
}

impl<R: AsyncRead> Stream for ReaderStream<R> {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut me = self.project();
        let Some(reader) = me.reader.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        // Chunks share their memory until little is left of it.
        if me.buf.capacity() < me.capacity.div_ceil(4) {
            me.buf.reserve(*me.capacity);
        }
        match ready!(poll_read_buf_limited(reader, cx, me.buf, *me.capacity)) {
            Ok(0) => {
                me.reader.set(None);
                Poll::Ready(None)
            }
            Ok(_) => Poll::Ready(Some(Ok(me.buf.split().freeze()))),
            Err(error) => {
                me.reader.set(None);
                Poll::Ready(Some(Err(error)))
            }
        }
    }
}
