//! Frames from a reader.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::BytesMut;
use futures_core::Stream;
use pin_project_lite::pin_project;

use super::inbound::Inbound;
use super::{Decoder, Frames, SliceDecoder};
use crate::io::AsyncRead;

pin_project! {
    /// The frames that a reader's bytes are.
    ///
    /// ```
    /// use minato_runtime::codec::{FramedRead, LengthDelimitedCodec};
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut frames = FramedRead::new(&b"\x00\x00\x00\x04ahoy"[..], LengthDelimitedCodec::new());
    /// assert_eq!(frames.next().await.unwrap()?, "ahoy");
    /// assert!(frames.next().await.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[derive(Debug)]
    #[must_use = "frames are read when they are asked for"]
    pub struct FramedRead<R, D> {
        #[pin]
        io: R,
        decoder: D,
        inbound: Inbound,
    }
}

impl<R, D> FramedRead<R, D> {
    /// The frames of `io`, found by `decoder`.
    pub fn new(io: R, decoder: D) -> Self {
        Self { io, decoder, inbound: Inbound::new(BytesMut::new()) }
    }

    /// As [`new`](Self::new), with room for `capacity` bytes from the start.
    pub fn with_capacity(io: R, decoder: D, capacity: usize) -> Self {
        Self { io, decoder, inbound: Inbound::new(BytesMut::with_capacity(capacity)) }
    }

    /// The transport.
    ///
    /// What is read from it or written to it directly is missing in, or comes between, the frames.
    pub fn get_ref(&self) -> &R {
        &self.io
    }

    /// The transport, to be changed; see [`get_ref`](Self::get_ref).
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.io
    }

    /// The transport, pinned; see [`get_ref`](Self::get_ref).
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().io
    }

    /// The transport alone. Bytes that were read and are not yet frames are lost.
    pub fn into_inner(self) -> R {
        self.io
    }

    /// The decoder.
    pub fn decoder(&self) -> &D {
        &self.decoder
    }

    /// The decoder, to be changed.
    pub fn decoder_mut(&mut self) -> &mut D {
        &mut self.decoder
    }

    /// The decoder of a pinned value, to be changed.
    pub fn decoder_pin_mut(self: Pin<&mut Self>) -> &mut D {
        self.project().decoder
    }

    /// The same reader with another decoder, which `map` makes of this one.
    pub fn map_decoder<C>(self, map: impl FnOnce(D) -> C) -> FramedRead<R, C> {
        // What was no frame to this decoder may be one to the other.
        let inbound = Inbound::new(self.inbound.into_buffer());
        FramedRead { io: self.io, decoder: map(self.decoder), inbound }
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
}

impl<R: AsyncRead + Unpin, D> FramedRead<R, D> {
    /// The next frame; `None` at the end, and once after an error.
    ///
    /// # Errors
    ///
    /// Those of the transport and of the decoder.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<D::Item, D::Error>>
    where
        D: Decoder,
    {
        poll_fn(|cx| self.inbound.poll_next(Pin::new(&mut self.io), &mut self.decoder, cx)).await
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

impl<R, D: SliceDecoder> FramedRead<R, D> {
    /// Lends the frames in what was read, which costs no copy and no reference count.
    ///
    /// ```
    /// use minato_runtime::codec::{FramedRead, LinesCodec};
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut lines = FramedRead::new(&b"one\ntwo\nthree"[..], LinesCodec::new());
    /// let mut lengths = Vec::new();
    /// while lines.fill().await? {
    ///     for line in lines.frames() {
    ///         lengths.push(line?.len());
    ///     }
    /// }
    /// assert_eq!(lengths, [3, 3, 5]);
    /// # Ok::<(), minato_runtime::codec::LinesCodecError>(())
    /// # }).unwrap();
    /// ```
    pub fn frames(&mut self) -> Frames<'_, D> {
        self.inbound.frames(&mut self.decoder)
    }
}

impl<R: AsyncRead, D: Decoder> Stream for FramedRead<R, D> {
    type Item = Result<D::Item, D::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let me = self.project();
        me.inbound.poll_next(me.io, me.decoder, cx)
    }
}
