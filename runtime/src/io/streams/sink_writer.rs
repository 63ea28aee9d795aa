//! A sink of chunks as a writer.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use futures_sink::Sink;

use crate::io::forward::{forward_buffered_reading, forward_reading};
use crate::io::{AsyncBufRead, AsyncRead, AsyncWrite};

pin_project_lite::pin_project! {
    /// Writes into a `Sink` of byte slices: each write that the sink has room for is one item.
    ///
    /// Most sinks want chunks they can keep; put [`CopyToBytes`] in front of those.
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::Bytes;
    /// use futures_util::SinkExt;
    /// use minato_runtime::io::{self, AsyncWriteExt, CopyToBytes, SinkWriter};
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let chunks = Vec::<Bytes>::new().sink_map_err(|never| -> io::Error { match never {} });
    /// let mut writer = SinkWriter::new(CopyToBytes::new(chunks));
    /// writer.write_all(b"hello").await?;
    /// assert_eq!(writer.into_inner().into_inner().into_inner(), ["hello"]);
    /// # Ok::<(), io::Error>(())
    /// # })?;
    /// # Ok::<(), io::Error>(())
    /// ```
    #[derive(Debug)]
    pub struct SinkWriter<S> {
        #[pin]
        sink: S,
    }
}

impl<S> SinkWriter<S> {
    /// Writes into `sink`.
    pub fn new(sink: S) -> Self {
        Self { sink }
    }

    /// The sink.
    pub fn get_ref(&self) -> &S {
        &self.sink
    }

    /// The sink.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    /// Takes the sink out.
    pub fn into_inner(self) -> S {
        self.sink
    }
}

impl<S, E> AsyncWrite for SinkWriter<S>
where
    S: for<'a> Sink<&'a [u8], Error = E>,
    E: Into<io::Error>,
{
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut me = self.project();
        ready!(me.sink.as_mut().poll_ready(cx)).map_err(Into::into)?;
        me.sink.start_send(buf).map_err(Into::into)?;
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().sink.poll_flush(cx).map_err(Into::into)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().sink.poll_close(cx).map_err(Into::into)
    }
}

impl<S: AsyncRead> AsyncRead for SinkWriter<S> {
    forward_reading!(sink);
}

impl<S: AsyncBufRead> AsyncBufRead for SinkWriter<S> {
    forward_buffered_reading!(sink);
}

impl<S: Stream> Stream for SinkWriter<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.project().sink.poll_next(cx)
    }
}

pin_project_lite::pin_project! {
    /// Lets a `Sink` of [`Bytes`] take byte slices, by copying them.
    #[derive(Debug)]
    pub struct CopyToBytes<S> {
        #[pin]
        sink: S,
    }
}

impl<S> CopyToBytes<S> {
    /// Copies for `sink`.
    pub fn new(sink: S) -> Self {
        Self { sink }
    }

    /// The sink.
    pub fn get_ref(&self) -> &S {
        &self.sink
    }

    /// The sink.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    /// Takes the sink out.
    pub fn into_inner(self) -> S {
        self.sink
    }
}

impl<'a, S: Sink<Bytes>> Sink<&'a [u8]> for CopyToBytes<S> {
    type Error = S::Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.project().sink.poll_ready(cx)
    }

    fn start_send(self: Pin<&mut Self>, chunk: &'a [u8]) -> Result<(), S::Error> {
        self.project().sink.start_send(Bytes::copy_from_slice(chunk))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.project().sink.poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.project().sink.poll_close(cx)
    }
}

impl<S: Stream> Stream for CopyToBytes<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.project().sink.poll_next(cx)
    }
}
