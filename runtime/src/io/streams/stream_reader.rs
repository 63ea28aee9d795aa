//! A stream of chunks as a reader.

use std::fmt;
use std::io::{self, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use futures_core::Stream;

use crate::io::{AsyncBufRead, AsyncRead, ReadBuf};

pin_project_lite::pin_project! {
    /// Reads the bytes of a `Stream` of chunks, without copying them first: [`AsyncBufRead`] lends the chunks.
    ///
    /// Empty chunks are skipped: they are not the end.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_util::stream;
    /// use minato_runtime::io::{self, AsyncReadExt, StreamReader};
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let chunks = stream::iter([Ok::<_, io::Error>(&b"hel"[..]), Ok(b"lo")]);
    /// let mut text = String::new();
    /// StreamReader::new(chunks).read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// # Ok::<(), io::Error>(())
    /// # })?;
    /// # Ok::<(), io::Error>(())
    /// ```
    pub struct StreamReader<S, B> {
        #[pin]
        stream: S,
        chunk: Option<B>,
    }
}

impl<S, B, E> StreamReader<S, B>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
    E: Into<io::Error>,
{
    /// Reads from `stream`.
    pub fn new(stream: S) -> Self {
        Self { stream, chunk: None }
    }
}

impl<S, B> StreamReader<S, B> {
    /// The stream.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// The stream; chunks taken from it directly are not read here.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The stream, pinned.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut S> {
        self.project().stream
    }

    /// Takes the stream out; what was not read of the current chunk is lost.
    pub fn into_inner(self) -> S {
        self.stream
    }

    /// Takes the stream out, and what was not read of the current chunk.
    pub fn into_inner_with_chunk(self) -> (S, Option<B>) {
        (self.stream, self.chunk)
    }
}

impl<S, B: Buf> StreamReader<S, B> {
    /// What is left of the current chunk.
    fn held(chunk: &Option<B>) -> &[u8] {
        chunk.as_ref().map_or(&[], B::chunk)
    }
}

impl<S, B, E> AsyncRead for StreamReader<S, B>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
    E: Into<io::Error>,
{
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let held = ready!(self.as_mut().poll_fill_buf(cx))?;
        let length = held.len().min(buf.remaining());
        buf.put_slice(&held[..length]);
        self.consume(length);
        Poll::Ready(Ok(()))
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        let mut held = ready!(self.as_mut().poll_fill_buf(cx))?;
        let read = io::Read::read_vectored(&mut held, bufs)?;
        self.consume(read);
        Poll::Ready(Ok(read))
    }

    fn is_read_vectored(&self) -> bool {
        true
    }
}

impl<S, B, E> AsyncBufRead for StreamReader<S, B>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
    E: Into<io::Error>,
{
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let mut me = self.project();
        while Self::held(me.chunk).is_empty() {
            match ready!(me.stream.as_mut().poll_next(cx)) {
                Some(Ok(chunk)) => *me.chunk = Some(chunk),
                Some(Err(error)) => return Poll::Ready(Err(error.into())),
                None => return Poll::Ready(Ok(&[])),
            }
        }
        Poll::Ready(Ok(Self::held(me.chunk)))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        if let Some(chunk) = self.project().chunk
            && amount > 0
        {
            chunk.advance(amount);
        }
    }
}

impl<S: fmt::Debug, B: Buf> fmt::Debug for StreamReader<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamReader")
            .field("stream", &self.stream)
            .field("held", &self.chunk.as_ref().map_or(0, B::remaining))
            .finish()
    }
}
