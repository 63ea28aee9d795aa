//! Frames both ways.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::BytesMut;
use futures_core::Stream;
use futures_sink::Sink;
use pin_project_lite::pin_project;

use super::inbound::Inbound;
use super::outbound::Outbound;
use super::{BufList, Decoder, Encoder, Frames, SliceDecoder};
use crate::io::{AsyncRead, AsyncWrite};

pin_project! {
    /// A transport that carries frames both ways; also made by [`DecoderExt::framed`](super::DecoderExt::framed).
    ///
    /// ```
    /// use minato_runtime::codec::{Framed, LinesCodec};
    /// use minato_runtime::io::{AsyncWriteExt, duplex};
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (mut client, server) = duplex(64);
    /// let mut server = Framed::new(server, LinesCodec::new());
    /// client.write_all(b"ping\n").await?;
    /// if let Some(Ok(line)) = server.next().await {
    ///     server.send(line.to_uppercase()).await?;
    /// }
    /// assert!(server.write_buffer().is_empty());
    /// # Ok::<(), minato_runtime::codec::LinesCodecError>(())
    /// # }).unwrap();
    /// ```
    #[derive(Debug)]
    #[must_use = "frames are read when they are asked for, and written when they are sent"]
    pub struct Framed<T, U> {
        #[pin]
        io: T,
        codec: U,
        inbound: Inbound,
        outbound: Outbound,
    }
}

/// What a [`Framed`] is made of.
///
/// For changing the protocol of a connection: take the parts, and put the transport and both buffers together with
/// another codec.
#[derive(Debug)]
#[non_exhaustive]
pub struct FramedParts<T, U> {
    /// The transport.
    pub io: T,
    /// The codec.
    pub codec: U,
    /// What was read and is not yet a frame.
    pub read_buf: BytesMut,
    /// What is encoded and not yet written.
    pub write_buf: BufList,
}

impl<T, U> FramedParts<T, U> {
    /// Parts with nothing read and nothing to write.
    pub fn new(io: T, codec: U) -> Self {
        Self { io, codec, read_buf: BytesMut::new(), write_buf: BufList::new() }
    }
}

impl<T, U> Framed<T, U> {
    /// `codec` over `io`.
    pub fn new(io: T, codec: U) -> Self {
        Self::from_parts(FramedParts::new(io, codec))
    }

    /// As [`new`](Self::new), with room for reading `capacity` bytes from the start.
    pub fn with_capacity(io: T, codec: U, capacity: usize) -> Self {
        let read_buf = BytesMut::with_capacity(capacity);
        Self::from_parts(FramedParts { read_buf, ..FramedParts::new(io, codec) })
    }

    /// Puts the parts together.
    pub fn from_parts(parts: FramedParts<T, U>) -> Self {
        let FramedParts { io, codec, read_buf, write_buf } = parts;
        Self { io, codec, inbound: Inbound::new(read_buf), outbound: Outbound::new(write_buf) }
    }

    /// Takes it apart; nothing that was read or is to be written is lost.
    pub fn into_parts(self) -> FramedParts<T, U> {
        FramedParts {
            io: self.io,
            codec: self.codec,
            read_buf: self.inbound.into_buffer(),
            write_buf: self.outbound.into_queue(),
        }
    }

    /// The transport.
    ///
    /// What is read from it or written to it directly is missing in, or comes between, the frames.
    pub fn get_ref(&self) -> &T {
        &self.io
    }

    /// The transport, to be changed; see [`get_ref`](Self::get_ref).
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.io
    }

    /// The transport, pinned; see [`get_ref`](Self::get_ref).
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut T> {
        self.project().io
    }

    /// The transport alone. Bytes that were read and are not yet frames, and those not yet written, are lost.
    pub fn into_inner(self) -> T {
        self.io
    }

    /// The codec.
    pub fn codec(&self) -> &U {
        &self.codec
    }

    /// The codec, to be changed.
    pub fn codec_mut(&mut self) -> &mut U {
        &mut self.codec
    }

    /// The codec of a pinned value, to be changed.
    pub fn codec_pin_mut(self: Pin<&mut Self>) -> &mut U {
        self.project().codec
    }

    /// The same transport with another codec, which `map` makes of this one.
    pub fn map_codec<C>(self, map: impl FnOnce(U) -> C) -> Framed<T, C> {
        // What was no frame to this codec may be one to the other.
        let inbound = Inbound::new(self.inbound.into_buffer());
        Framed { io: self.io, codec: map(self.codec), inbound, outbound: self.outbound }
    }

    /// Bytes that were read and are not yet frames; not empty means that a peer is in the middle of one.
    ///
    /// For a limit on the time a frame may take, wait without one while this is empty, and with one while it is not.
    pub fn read_buffer(&self) -> &[u8] {
        self.inbound.buffer()
    }

    /// The bytes that were read and are not yet frames, to be changed.
    pub fn read_buffer_mut(&mut self) -> &mut BytesMut {
        self.inbound.buffer_mut()
    }

    /// Memory held for reading at the moment, in bytes: nothing while nothing waits to be decoded.
    pub fn read_capacity(&self) -> usize {
        self.inbound.capacity()
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

impl<T: AsyncRead + Unpin, U> Framed<T, U> {
    /// The next frame; `None` at the end, and once after an error.
    ///
    /// # Errors
    ///
    /// Those of the transport and of the decoder.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<U::Item, U::Error>>
    where
        U: Decoder,
    {
        poll_fn(|cx| self.inbound.poll_next(Pin::new(&mut self.io), &mut self.codec, cx)).await
    }

    /// Reads, until there is something for [`frames`](Self::frames) to look at; false at the end, and
    /// once after an error that was told there.
    ///
    /// # Errors
    ///
    /// Those of the transport, and `UnexpectedEof` where it ended within a frame.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn fill(&mut self) -> io::Result<bool> {
        poll_fn(|cx| self.inbound.poll_fill(Pin::new(&mut self.io), cx)).await
    }
}

impl<T, U: SliceDecoder> Framed<T, U> {
    /// Lends the frames in what was read; see [`FramedRead::frames`](super::FramedRead::frames).
    pub fn frames(&mut self) -> Frames<'_, U> {
        self.inbound.frames(&mut self.codec)
    }
}

impl<T: AsyncRead, U: Decoder> Stream for Framed<T, U> {
    type Item = Result<U::Item, U::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let me = self.project();
        me.inbound.poll_next(me.io, me.codec, cx)
    }
}

impl<T: AsyncWrite + Unpin, U> Framed<T, U> {
    /// Queues an item when there is room for it, and does not write it yet.
    ///
    /// # Errors
    ///
    /// Those of the transport and of the encoder.
    ///
    /// # Cancel safety
    ///
    /// An item whose future is dropped before it is ready was not taken, and is gone with the future.
    pub async fn feed<I>(&mut self, item: I) -> Result<(), U::Error>
    where
        U: Encoder<I>,
    {
        poll_fn(|cx| self.outbound.poll_ready(Pin::new(&mut self.io), cx)).await?;
        self.outbound.push(item, &mut self.codec)
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
    pub async fn send<I>(&mut self, item: I) -> Result<(), U::Error>
    where
        U: Encoder<I>,
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

impl<T: AsyncWrite, I, U: Encoder<I>> Sink<I> for Framed<T, U> {
    type Error = U::Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let me = self.project();
        me.outbound.poll_ready(me.io, cx).map_err(Into::into)
    }

    fn start_send(self: Pin<&mut Self>, item: I) -> Result<(), Self::Error> {
        let me = self.project();
        me.outbound.push(item, me.codec)
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
