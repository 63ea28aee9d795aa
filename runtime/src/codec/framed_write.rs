//! Frames to a writer.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_sink::Sink;
use pin_project_lite::pin_project;

use super::outbound::Outbound;
use super::{BufList, Encoder};
use crate::io::AsyncWrite;

pin_project! {
    /// A writer of frames.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use minato_runtime::codec::{FramedWrite, LengthDelimitedCodec};
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut frames = FramedWrite::new(Vec::new(), LengthDelimitedCodec::new());
    /// frames.feed(Bytes::from_static(b"one")).await?;
    /// frames.send(Bytes::from_static(b"two")).await?;
    /// assert_eq!(frames.into_inner(), b"\x00\x00\x00\x03one\x00\x00\x00\x03two");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[derive(Debug)]
    #[must_use = "frames are written when they are sent"]
    pub struct FramedWrite<W, E> {
        #[pin]
        io: W,
        encoder: E,
        outbound: Outbound,
    }
}

impl<W, E> FramedWrite<W, E> {
    /// A writer to `io` of frames that `encoder` encodes.
    pub fn new(io: W, encoder: E) -> Self {
        Self { io, encoder, outbound: Outbound::new(BufList::new()) }
    }

    /// The transport.
    ///
    /// What is read from it or written to it directly is missing in, or comes between, the frames.
    pub fn get_ref(&self) -> &W {
        &self.io
    }

    /// The transport, to be changed; see [`get_ref`](Self::get_ref).
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.io
    }

    /// The transport, pinned; see [`get_ref`](Self::get_ref).
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut W> {
        self.project().io
    }

    /// The transport alone. What is encoded and not yet written is lost.
    pub fn into_inner(self) -> W {
        self.io
    }

    /// The encoder.
    pub fn encoder(&self) -> &E {
        &self.encoder
    }

    /// The encoder, to be changed.
    pub fn encoder_mut(&mut self) -> &mut E {
        &mut self.encoder
    }

    /// The encoder of a pinned value, to be changed.
    pub fn encoder_pin_mut(self: Pin<&mut Self>) -> &mut E {
        self.project().encoder
    }

    /// The same writer with another encoder, which `map` makes of this one.
    pub fn map_encoder<C>(self, map: impl FnOnce(E) -> C) -> FramedWrite<W, C> {
        FramedWrite { io: self.io, encoder: map(self.encoder), outbound: self.outbound }
    }

    /// What is encoded and not yet written.
    pub fn write_buffer(&self) -> &BufList {
        self.outbound.queue()
    }

    /// What is encoded and not yet written, to be changed.
    pub fn write_buffer_mut(&mut self) -> &mut BufList {
        self.outbound.queue_mut()
    }

    /// How many bytes may be queued before items have to wait: 64 KiB, unless it was changed.
    pub fn backpressure_boundary(&self) -> usize {
        self.outbound.high()
    }

    /// Lets items wait from `boundary` bytes on, until all are written.
    ///
    /// # Panics
    ///
    /// If it is zero: nothing could ever be written.
    pub fn set_backpressure_boundary(&mut self, boundary: usize) {
        self.outbound.set_marks(0, boundary);
    }

    /// Lets items wait when `high` bytes are queued, until `low` of them are left. They are 64 and 16 KiB otherwise.
    ///
    /// # Panics
    ///
    /// If `low` is not below `high`.
    pub fn set_water_marks(&mut self, low: usize, high: usize) {
        self.outbound.set_marks(low, high);
    }
}

impl<W: AsyncWrite + Unpin, E> FramedWrite<W, E> {
    /// Queues an item when there is room for it, and does not write it yet.
    ///
    /// # Errors
    ///
    /// Those of the transport and of the encoder.
    ///
    /// # Cancel safety
    ///
    /// An item whose future is dropped before it is ready was not taken, and is gone with the future.
    pub async fn feed<I>(&mut self, item: I) -> Result<(), E::Error>
    where
        E: Encoder<I>,
    {
        poll_fn(|cx| self.outbound.poll_ready(Pin::new(&mut self.io), cx)).await?;
        self.outbound.push(item, &mut self.encoder)
    }

    /// Queues an item and writes everything that is queued.
    ///
    /// # Errors
    ///
    /// Those of the transport and of the encoder.
    ///
    /// # Cancel safety
    ///
    /// The item was not taken, or it is queued as a whole and the next call writes what is left of it.
    pub async fn send<I>(&mut self, item: I) -> Result<(), E::Error>
    where
        E: Encoder<I>,
    {
        self.feed(item).await?;
        Ok(self.flush().await?)
    }

    /// Writes everything that is queued.
    ///
    /// # Errors
    ///
    /// Those of the transport.
    ///
    /// # Cancel safety
    ///
    /// Calling again goes on where the dropped future stopped.
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.outbound.poll_flush(Pin::new(&mut self.io), cx)).await
    }

    /// Writes everything that is queued, and ends the transport.
    ///
    /// # Errors
    ///
    /// Those of the transport.
    ///
    /// # Cancel safety
    ///
    /// Calling again goes on where the dropped future stopped.
    pub async fn close(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.outbound.poll_close(Pin::new(&mut self.io), cx)).await
    }
}

impl<W: AsyncWrite, I, E: Encoder<I>> Sink<I> for FramedWrite<W, E> {
    type Error = E::Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let me = self.project();
        me.outbound.poll_ready(me.io, cx).map_err(Into::into)
    }

    fn start_send(self: Pin<&mut Self>, item: I) -> Result<(), Self::Error> {
        let me = self.project();
        me.outbound.push(item, me.encoder)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let me = self.project();
        me.outbound.poll_flush(me.io, cx).map_err(Into::into)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let me = self.project();
        me.outbound.poll_close(me.io, cx).map_err(Into::into)
    }
}
